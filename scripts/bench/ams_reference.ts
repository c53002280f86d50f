/**
 * What AMS is compared with: one message after the other, each through forks of
 * the openssl command and over TLS connections of its own, as the Python SSM works.
 *
 * @module
 */
import { request } from "node:https";
import { DirqSimple } from "../../lib/spool/mod.ts";
import { fileByForks, signByFork } from "./reference.ts";
import type { BenchSite, Lane } from "./site.ts";

/** A site, and where its AMS is. */
export interface AmsReference {
  readonly site: BenchSite;
  readonly port: number;
  readonly project: string;
  readonly token: string;
}

/** Signs by a fork, publishes over a new connection, removes; the seconds it took. */
export async function amsReferenceSend(
  ams: AmsReference,
  { outgoing, destination }: Lane,
): Promise<number> {
  const started = performance.now();
  const spool = new DirqSimple(outgoing);
  for (const name of await spool.list()) {
    await using entry = (await spool.lock(name))!;
    const signed = await signByFork(ams.site, await entry.read());
    const data = signed.toBase64();
    await call(ams, `topics/${destination}:publish`, {
      messages: [{ attributes: { empaid: name }, data }],
    });
    await entry.remove();
  }
  return (performance.now() - started) / 1000;
}

/** Pulls, files and acknowledges one by one; the seconds it took. */
export async function amsReferenceReceive(
  ams: AmsReference,
  { received, source }: Lane,
  count: number,
): Promise<number> {
  await Deno.mkdir(received, { recursive: true });
  const started = performance.now();
  for (let done = 0; done < count; done++) {
    const { receivedMessages: [pulled] } = await call<Pulled>(
      ams,
      `subscriptions/${source}:pull`,
      { maxMessages: "1", returnImmediately: "true" },
    );
    const body = Uint8Array.fromBase64(pulled!.message.data);
    await fileByForks(ams.site, body, `${received}/${done}`);
    await call(ams, `subscriptions/${source}:acknowledge`, {
      ackIds: [pulled!.ackId],
    });
  }
  return (performance.now() - started) / 1000;
}

interface Pulled {
  readonly receivedMessages: readonly {
    readonly ackId: string;
    readonly message: { readonly data: string };
  }[];
}

/** One call over a TLS connection of its own. */
function call<Answer>(
  { port, project, token }: AmsReference,
  what: string,
  content: unknown,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request({
    ...{ host: "localhost", port, method: "POST", agent: false },
    path: `/v1/projects/${project}/${what}`,
    headers: { "x-api-key": token },
    // It is measured, not trusted: this is the machine's own test server.
    rejectUnauthorized: false,
  }, (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (part) => text += part);
    answer.on("error", reject).on("end", () => {
      if (answer.statusCode === 200) resolve(JSON.parse(text));
      else reject(new Error(`${what}: ${answer.statusCode} ${text}`));
    });
  });
  sent.on("error", reject).end(JSON.stringify(content));
  return promise;
}
