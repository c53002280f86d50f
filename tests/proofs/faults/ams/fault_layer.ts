/**
 * An AMS behind a layer that does wrong, over TLS, as proxies and balancers do.
 *
 * @module
 */
import type { TLSSocket } from "node:tls";
import { AmsClient } from "../../../../lib/ams/mod.ts";
import { AmsServer } from "../../../../lib/broker/mod.ts";
import {
  AmsIncomingCarrier,
  AmsOutgoingCarrier,
} from "../../../../lib/ssm/mod.ts";
import { type Clock, systemClock } from "../../../../lib/time/mod.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import {
  HttpsPeer,
  type PeerRequest,
  reply,
} from "../../../kit/net/https_peer.ts";
import type { TestPki } from "../../../kit/pki/test_pki.ts";
import { trustIn } from "../../../kit/pki/trust_in.ts";
import type { MakeIncoming } from "../../../kit/receiving.ts";
import type { MakeOutgoing } from "../../../kit/stage.ts";

/** What AMS says. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A call that something goes wrong with. */
export interface FaultyCall {
  readonly socket: TLSSocket;
  /** The clock of AMS. */
  readonly clock: ManualClock;
  /** Has AMS do what is asked. */
  forward(): Promise<Answer>;
}

/** Answers a call in its own way. */
export type Fault = (call: FaultyCall) => void | Promise<void>;

/** Calls that may go wrong. */
export type CallName = "publish" | "pull" | "acknowledge";

/** How a client reaches the layer. */
export interface ReachOptions {
  /** Asked for at each call. @default one that may do everything */
  readonly token?: () => string;
  /** Where the layer is. @default where it listens */
  readonly port?: number;
}

/** A client waits so long for an answer, in ms: what never comes costs this much. */
const TIMEOUT_MS = 1500;

/** Time that passes fifty times as fast, for pauses. */
const HASTY: Clock = {
  now: () => systemClock.now() * 50,
  date: () => systemClock.date(),
  after: (ms, callback) => systemClock.after(ms / 50, callback),
};

/** Both; the topic is `records` of project `accounting`, and so is its subscription. */
export class FaultLayer implements AsyncDisposable {
  readonly #ams: AmsServer;
  readonly #peer: HttpsPeer;
  readonly #pki: TestPki;
  readonly #clock: ManualClock;
  #next: { call: CallName; fault: Fault } | undefined;
  #heard = Promise.withResolvers<void>();
  /** Faults that have come to pass. */
  faults = 0;
  /** Calls that came, by their names. */
  readonly calls: Record<CallName, number> = {
    publish: 0,
    pull: 0,
    acknowledge: 0,
  };

  private constructor(
    ams: AmsServer,
    peer: HttpsPeer,
    clock: ManualClock,
    pki: TestPki,
  ) {
    this.#ams = ams;
    this.#peer = peer;
    this.#clock = clock;
    this.#pki = pki;
    peer.answer = (socket, request) => this.#answer(socket, request);
  }

  /** @param users who may do what. @default every token may do everything */
  static async start(
    pki: TestPki,
    users?: NonNullable<Parameters<typeof AmsServer.listen>[0]>["users"],
  ): Promise<FaultLayer> {
    const clock = new ManualClock();
    const ams = await AmsServer.listen({
      clock,
      topics: [{
        project: "accounting",
        topic: "records",
        subscriptions: ["records"],
      }],
      ...(users && { users }),
    });
    const peer = await HttpsPeer.listen({ credentials: pki.server });
    return new FaultLayer(ams, peer, clock, pki);
  }

  /** Where the layer listens. */
  get port(): number {
    return this.#peer.port;
  }

  /** Messages that nobody has acknowledged. */
  get waiting(): number {
    return this.#ams.stats().messages;
  }

  /** Does this with the next call of that name. */
  fail(call: CallName, fault: Fault): void {
    this.#next = { call, fault };
  }

  /** Settles when everything is acknowledged. */
  async emptied(): Promise<void> {
    while (this.waiting > 0) await this.#heard.promise;
  }

  /** The sending side. */
  outgoing(reach: ReachOptions = {}): MakeOutgoing {
    return (options) =>
      new AmsOutgoingCarrier({
        ...options,
        host: "localhost",
        connect: () => {
          const client = this.#client(reach);
          return {
            publish: (messages, signal) =>
              client.publish("records", messages, signal),
            [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
          };
        },
      });
  }

  /** The receiving side; its pauses are short. */
  incoming(reach: ReachOptions = {}): MakeIncoming {
    return ({ prefetch: _, ...options }) =>
      new AmsIncomingCarrier({
        ...options,
        clock: HASTY,
        host: "localhost",
        connect: () => {
          const client = this.#client(reach);
          const name = "records";
          return {
            pull: (max, signal) => client.pull(name, max, signal),
            acknowledge: (id, signal) => client.acknowledge(name, id, signal),
            offsets: (signal) => client.offsets(name, signal),
            moveOffset: (to, signal) => client.moveOffset(name, to, signal),
            show: (signal) => client.subscription(name, signal),
            [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
          };
        },
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer[Symbol.asyncDispose]();
    await this.#ams[Symbol.asyncDispose]();
  }

  #client(
    { token = () => "token", port = this.port }: ReachOptions,
  ): AmsClient {
    return new AmsClient({
      host: "localhost",
      port,
      project: "accounting",
      credential: { kind: "token", token },
      trust: trustIn(this.#pki.ca.credentials.certificatePem),
      timeoutMs: TIMEOUT_MS,
    });
  }

  async #answer(socket: TLSSocket, request: PeerRequest): Promise<void> {
    const name = /:(publish|pull|acknowledge)$/.exec(request.path)?.[1] as
      | CallName
      | undefined;
    if (name) this.calls[name]++;
    const forward = async () => {
      const answer = await this.#forward(request);
      this.#heard.resolve();
      this.#heard = Promise.withResolvers();
      return answer;
    };
    if (this.#next && this.#next.call === name) {
      const { fault } = this.#next;
      this.#next = undefined;
      this.faults++;
      return await fault({ socket, forward, clock: this.#clock });
    }
    const { status, body } = await forward();
    reply(status, body)(socket, request);
  }

  async #forward(
    { method, path, headers, body }: PeerRequest,
  ): Promise<Answer> {
    const answer = await fetch(`http://127.0.0.1:${this.#ams.port}${path}`, {
      method,
      headers: { "x-api-key": headers.get("x-api-key") ?? "" },
      ...(method === "POST" && { body: body as BodyInit }),
    });
    return { status: answer.status, body: await answer.text() };
  }
}
