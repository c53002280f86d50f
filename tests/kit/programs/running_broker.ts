/**
 * A real `ssm broker`, and clients of it.
 *
 * @module
 */
import { dial } from "../../../lib/net/mod.ts";
import {
  StompClient,
  type StompConnectOptions,
} from "../../../lib/stomp/mod.ts";
import type { Credentials } from "../../peers/openssl/openssl.ts";
import { Running, ssmCommand } from "./program.ts";

/** A broker on a free port, killed on disposal. */
export interface RunningBroker extends AsyncDisposable {
  readonly broker: Running;
  readonly port: number;
  /** What it said when it began to listen. */
  readonly line: string;
  /** Connects a client, over TLS if it is to show a certificate. */
  connect(
    options?: StompConnectOptions,
    identity?: Credentials,
  ): Promise<StompClient>;
}

/** Starts one, and waits until it listens. */
export async function startBroker(...args: string[]): Promise<RunningBroker> {
  const broker = new Running(ssmCommand(["broker", "--port=0", ...args]));
  try {
    const line = await broker.line(/Broker listening on /);
    const port = Number(/:(\d+), /.exec(line)![1]);
    return {
      broker,
      port,
      line,
      async connect(options, identity) {
        const tls = identity && {
          verify: "none" as const,
          keyPair: {
            certificate: identity.certificatePem,
            key: identity.keyPem,
          },
        };
        const socket = await dial({ host: "127.0.0.1", port, tls });
        return await StompClient.connect(socket, options);
      },
      [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
    };
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
}
