/**
 * The brokers that are compared, each in a process of its own with an empty store.
 *
 * @module
 */
import { dial } from "../../../lib/net/mod.ts";
import {
  StompClient,
  type StompConnectOptions,
} from "../../../lib/stomp/mod.ts";
import { startActiveMq } from "../../../tests/peers/activemq.ts";
import { missingParts, PARTS } from "../../../tests/peers/parts.ts";
import { startRabbitMq } from "../../../tests/peers/rabbitmq.ts";
import { startServer } from "../../../tests/peers/server_process.ts";
import { ssmArguments } from "../ssm_process.ts";

/** A running broker. */
export interface Contender extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Opens a connection. */
  connect(options?: StompConnectOptions): Promise<StompClient>;
}

/** Starts all that this machine has, and names those it has not. */
export async function startContenders(
  stack: AsyncDisposableStack,
): Promise<Contender[]> {
  const contenders = [
    stack.use(await startEmbedded({ name: "ssm --data", stored: true })),
    stack.use(await startEmbedded({ name: "ssm in memory", stored: false })),
  ];
  const missing = missingParts(["activemq", "rabbitmq"]);
  for (const part of missing) {
    console.error(`Left out: ${part} is missing; ${PARTS[part].enable}`);
  }
  if (!missing.includes("rabbitmq")) {
    const broker = stack.use(await startRabbitMq({ asService: true }));
    contenders.push(
      contender("RabbitMQ", broker, {
        host: false,
        login: "guest",
        passcode: "guest",
      }),
    );
  }
  if (!missing.includes("activemq")) {
    const broker = stack.use(await startActiveMq({ asService: true }));
    contenders.push(contender("ActiveMQ", broker, { host: "localhost" }));
  }
  return contenders;
}

/** How the embedded broker is started. */
export interface EmbeddedOptions {
  readonly name: string;
  /** Whether persistent messages are stored, in a new directory. */
  readonly stored: boolean;
  /** Further arguments of `ssm broker`. @default none */
  readonly args?: readonly string[];
}

/** Starts `ssm broker`. */
export async function startEmbedded(
  { name, stored, args = [] }: EmbeddedOptions,
): Promise<Contender> {
  await using started = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir({ prefix: "ssm-broker-" });
  started.defer(() => Deno.remove(directory, { recursive: true }));
  const data = stored ? ["--data", directory] : [];
  let port = 0;
  const process = await startServer(Deno.execPath(), {
    args: ssmArguments(["broker", "--port", "0", ...data, ...args]),
    env: { HOME: Deno.env.get("HOME") ?? directory },
    ready: (line) => {
      port = Number(/Broker listening on .*?:(\d+),/.exec(line)?.[1] ?? 0);
      return port > 0;
    },
  });
  started.use(process);
  const rest = started.move();
  return contender(name, {
    stompPort: port,
    pid: process.pid,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }, { host: "localhost" });
}

/** What every broker's helper offers. */
interface RunningBroker extends AsyncDisposable {
  readonly stompPort: number;
  readonly pid: number;
}

function contender(
  name: string,
  broker: RunningBroker,
  common: StompConnectOptions,
): Contender {
  return {
    name,
    pid: broker.pid,
    async connect(options = {}) {
      const socket = await dial({ host: "127.0.0.1", port: broker.stompPort });
      return await StompClient.connect(socket, { ...common, ...options });
    },
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}
