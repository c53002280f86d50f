/**
 * STOMP brokers: login, and whether the destination can be used.
 *
 * @module
 */
import type { StompClient } from "../../../stomp/mod.ts";
import {
  composeEndpoints,
  type EndpointContext,
  tlsOptions,
} from "../../wiring/carriers/endpoints.ts";
import {
  attempt,
  fail,
  type Finding,
  findingsOf,
  ok,
} from "../finding/finding.ts";
import type { StompSubject } from "../subject/subject.ts";
import { reach, type Reached } from "./reach.ts";

/** What is needed to connect. */
export interface NetworkContext
  extends Omit<EndpointContext, "log" | "maxBodyBytes"> {
  readonly signal: AbortSignal;
}

/** What came of the network. */
export type NetworkFindings = Pick<Reached, "findings" | "peers">;

/** A broker that is only tried says nothing long. */
const MAX_BODY_BYTES = 1 << 20;

/** Every broker, at the same time; each as the programs connect to it. */
export async function checkBrokers(
  subject: StompSubject,
  context: NetworkContext,
): Promise<NetworkFindings> {
  const { broker } = subject;
  const { value: tls, findings } = await attempt(
    "broker",
    (log) => ({ tls: tlsOptions(broker, { ...context, log }) }),
  );
  if (tls === undefined) return { findings, peers: [] };
  const hint = broker.useTls
    ? "leave verify_broker out"
    : "write use_ssl = true, and the port on which the broker speaks TLS";
  const each = await Promise.all(
    broker.addresses.map((address, index) =>
      checkBroker({ ...address, index, ...tls }, subject, context)
    ),
  );
  return {
    findings: [
      ...findings.map((finding) => ({ ...finding, hint })),
      ...each.flatMap(({ findings }) => findings),
    ],
    peers: each.flatMap(({ peers }) => peers),
  };
}

async function checkBroker(
  { host, port, index, tls }: {
    host: string;
    port: number;
    index: number;
    tls: ReturnType<typeof tlsOptions>;
  },
  subject: StompSubject,
  context: NetworkContext,
): Promise<NetworkFindings> {
  const { broker } = subject;
  const reached = await reach({
    ...{ area: "broker", host, port, tls, signal: context.signal },
    timeoutMs: broker.connectTimeoutMs,
  });
  if (!reached.isUsable) return reached;
  const used = await findingsOf("broker", async (log) => {
    const endpoint = composeEndpoints(broker, {
      ...{ ...context, log, maxBodyBytes: MAX_BODY_BYTES },
    })[index]!;
    await using client = await endpoint.connect(context.signal);
    return [
      ok(
        "broker",
        `${endpoint.name}: logged in ${
          broker.login === undefined ? "without a name" : `as ${broker.login}`
        }, to ${
          client.server ?? "a broker that does not say its name"
        }, with STOMP ${client.version}`,
      ),
      ...await tryDestinations(subject, client, endpoint.name),
    ];
  });
  return { ...reached, findings: [...reached.findings, ...used] };
}

async function tryDestinations(
  { sends, receives }: StompSubject,
  client: StompClient,
  name: string,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const destination of receives) {
    findings.push(...await tryReceiving(client, destination, name));
  }
  for (const destination of sends) {
    findings.push(...await trySending(client, destination, name));
  }
  return findings;
}

/** Subscribes in a way that takes no message from those that it is for. */
async function tryReceiving(
  client: StompClient,
  destination: string,
  name: string,
): Promise<Finding[]> {
  const headers = harmlessHeaders(client.server ?? "", destination);
  if (headers === undefined) {
    return [
      ok(
        "broker",
        `${name}: not tried whether ${destination} can be received from: this broker knows no way to do so without taking messages`,
      ),
    ];
  }
  return await lastingFindings(client, async () => {
    const subscription = await client.subscribe(destination, {
      ...{ headers, prefetch: 1, receipt: true },
    });
    await subscription.unsubscribe();
    return [ok("broker", `${name}: ${destination} can be received from`)];
  });
}

/**
 * How a subscription takes nothing: that to a topic is one more; to a queue one that only
 * browses, or whose selector fits no message. `undefined` for brokers that know neither.
 */
function harmlessHeaders(
  server: string,
  destination: string,
): Readonly<Record<string, string>> | undefined {
  if (destination.startsWith("/topic/")) return {};
  if (/artemis/i.test(server)) return { selector: "1 = 0" };
  if (/^(ssm|activemq)\b/i.test(server)) return { browser: "true" };
  return undefined;
}

/** Sends within a transaction that is given up: the message never exists. */
async function trySending(
  client: StompClient,
  destination: string,
  name: string,
): Promise<Finding[]> {
  // It keeps what is sent in a transaction, and looks at it when that is committed.
  if (/rabbitmq/i.test(client.server ?? "")) {
    const text =
      `${name}: not tried whether ${destination} can be sent to: this broker tells only when a message is really sent`;
    return [ok("broker", text)];
  }
  return await lastingFindings(client, async () => {
    const transaction = await client.begin({ receipt: true });
    await transaction.send(destination, new TextEncoder().encode("ssm check"));
    // A refusal of what was sent before comes in the place of this receipt.
    await transaction.abort({ receipt: true });
    return [
      ok(
        "broker",
        `${name}: ${destination} can be sent to (tried in a transaction that was given up)`,
      ),
    ];
  });
}

/** A broker that refuses often ends the connection: what is tried after that says so. */
async function lastingFindings(
  client: StompClient,
  work: () => Promise<Finding[]>,
): Promise<Finding[]> {
  if (!client.open) {
    return [
      fail("broker", "the rest was not tried: the broker has hung up"),
    ];
  }
  return await findingsOf("broker", work);
}
