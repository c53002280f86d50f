/**
 * An AMS in this process, and a client that looks at every answer as it came.
 *
 * @module
 */
import assert from "node:assert/strict";
import { AmsServer, type AmsServerOptions } from "../../../lib/broker/mod.ts";

/** What an AMS said. */
export interface Said {
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- whatever the test expects of it
  readonly json: any;
}

/** A client of one AMS. */
export class AmsCaller implements Disposable {
  readonly #base: string;
  readonly #client: Deno.HttpClient;
  token: string | undefined;

  constructor(
    port: number,
    options: {
      readonly token?: string;
      readonly tls?: Deno.CreateHttpClientOptions & Deno.TlsCertifiedKeyPem;
      readonly caCerts?: string[];
    } = {},
  ) {
    const secure = options.tls !== undefined || options.caCerts !== undefined;
    this.#base = `${secure ? "https" : "http"}://localhost:${port}/v1`;
    this.token = options.token ?? "any";
    const { tls, caCerts } = options;
    this.#client = Deno.createHttpClient({
      ...(caCerts !== undefined && { caCerts }),
      ...tls,
    } as Deno.CreateHttpClientOptions);
  }

  async call(method: string, path: string, body?: unknown): Promise<Said> {
    const answer = await fetch(this.#base + path, {
      method,
      client: this.#client,
      headers: this.token === undefined ? {} : { "x-api-key": this.token },
      ...(body !== undefined && {
        body: typeof body === "string" || body instanceof Uint8Array
          ? body as BodyInit
          : JSON.stringify(body),
      }),
    });
    const text = await answer.text();
    const contentType = answer.headers.get("content-type");
    const isJson = contentType?.startsWith("application/json") && text !== "";
    return {
      status: answer.status,
      contentType,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  }

  get(path: string): Promise<Said> {
    return this.call("GET", path);
  }

  post(path: string, body: unknown): Promise<Said> {
    return this.call("POST", path, body);
  }

  /** Publishes these data to `p/t`; the ids. */
  async publish(...data: string[]): Promise<string[]> {
    const messages = data.map((text) => ({ data: btoa(text) }));
    const said = await this.post("/projects/p/topics/t:publish", { messages });
    assert.equal(said.status, 200, said.text);
    return said.json.messageIds;
  }

  /** Pulls from a subscription of `p`; the data by offset. */
  async pull(max = 100, subscription = "s"): Promise<Record<string, string>> {
    const said = await this.post(
      `/projects/p/subscriptions/${subscription}:pull`,
      {
        maxMessages: String(max),
        returnImmediately: "true",
      },
    );
    assert.equal(said.status, 200, said.text);
    return Object.fromEntries(
      said.json.receivedMessages.map((
        { message }: { message: { messageId: string; data: string } },
      ) => [message.messageId, atob(message.data)]),
    );
  }

  /** Acknowledges an offset of a subscription of `p`. */
  acknowledge(offset: number, subscription = "s"): Promise<Said> {
    const path = `/projects/p/subscriptions/${subscription}`;
    return this.post(`${path}:acknowledge`, {
      ackIds: [`${path.slice(1)}:${offset}`],
    });
  }

  /** Where a subscription of `p` stands. */
  async offsets(
    subscription = "s",
  ): Promise<[min: number, current: number, max: number]> {
    const { json } = await this.get(
      `/projects/p/subscriptions/${subscription}:offsets`,
    );
    return [json.min, json.current, json.max];
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** Runs a test with an AMS that has the topic `p/t` with the subscriptions `s` and `s2`. */
export async function withAms(
  options: AmsServerOptions,
  fn: (caller: AmsCaller, server: AmsServer) => Promise<void>,
): Promise<void> {
  await using server = await AmsServer.listen({
    topics: [{ project: "p", topic: "t", subscriptions: ["s", "s2"] }],
    ...options,
  });
  using caller = new AmsCaller(server.port);
  await fn(caller, server);
}

/** The status and the words of a refusal. */
export function refusal({ status, json }: Said): [number, string] {
  assert.equal(json?.error.code, status);
  return [status, json.error.message];
}
