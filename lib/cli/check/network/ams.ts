/**
 * The ARGO Messaging Service: who we are there, and whether we may do what we are to do.
 *
 * @module
 */
import { type AmsClient, isAmsError } from "../../../ams/mod.ts";
import { proxyFor } from "../../../net/mod.ts";
import { amsVerifier, clientMaker } from "../../wiring/carriers/ams.ts";
import {
  fail,
  type Finding,
  findingsOf,
  ok,
  warn,
} from "../finding/finding.ts";
import type { AmsSubject } from "../subject/subject.ts";
import { reach, type Reached } from "./reach.ts";
import type { NetworkContext, NetworkFindings } from "./stomp.ts";

const AREA = "ams";

/** Signatures and certificates have times. */
const MAX_SKEW_MS = 60_000;

/** Each port of the service, and what it says of our user and of the destination. */
export async function checkAms(
  subject: AmsSubject,
  context: NetworkContext,
): Promise<NetworkFindings> {
  const { port, user, authnPort } = subject.broker;
  const ports = user.from === "certificate" ? [port, authnPort] : [port];
  const reached = await Promise.all(
    [...new Set(ports)].map((port) => reachPort(port, subject, context)),
  );
  const findings = reached.flatMap(({ findings }) => findings);
  const peers = reached.flatMap(({ peers }) => peers);
  if (reached.some(({ isUsable }) => !isUsable)) return { findings, peers };
  const asked = await findingsOf(AREA, async (log) => {
    const connect = clientMaker(subject.broker, context, {
      ...context,
      ...{ log, wire: log, onConnection: undefined },
    });
    await using client = connect();
    return [
      ...await findingsOf(AREA, () => askUser(subject, client, context)),
      ...await findingsOf(AREA, () => askDestination(subject, client, context)),
      ...clock(client),
    ];
  });
  return { findings: [...findings, ...asked], peers };
}

async function reachPort(
  port: number,
  { broker }: AmsSubject,
  { identity, signal, ...judge }: NetworkContext,
): Promise<Reached> {
  const { host, timeoutMs } = broker;
  const proxy = proxyFor((name) => Deno.env.get(name), host, port);
  if (proxy) {
    const text =
      `${host}, port ${port}, is reached through the proxy ${proxy.host}, port ${proxy.port}`;
    return { findings: [ok(AREA, text)], isUsable: true, peers: [] };
  }
  const keyPair =
    port === broker.authnPort && broker.user.from === "certificate"
      ? identity.current().keyPair
      : undefined;
  return await reach({
    ...{ area: AREA, host, port, timeoutMs, signal },
    tls: { verify: amsVerifier(broker, judge), keyPair },
  });
}

/** Whose token it is, and what that user may do. */
async function askUser(
  { broker: { project }, destination, sends }: AmsSubject,
  client: AmsClient,
  { signal }: NetworkContext,
): Promise<Finding[]> {
  const { name, projects } = await client.profile(signal);
  const rights = projects.find((one) => one.project === project);
  const user = ok(
    AREA,
    `the token is that of the user ${name}, with the role ${
      rights?.roles.join(", ") || "none"
    } in ${project}`,
  );
  const granted = sends ? rights?.topics : rights?.subscriptions;
  const what = sends
    ? `publish to the topic ${destination}`
    : `pull from the subscription ${destination}`;
  return [
    user,
    granted?.includes(destination)
      ? ok(AREA, `the user may ${what}`)
      // Administrators of a project may do so without being on its list.
      : (rights?.roles.some((role) => /admin/.test(role)) ? ok : warn)(
        AREA,
        `the user is not on the list of those that may ${what}`,
        { hint: `ask the administrators of ${project} to put it there` },
      ),
  ];
}

async function askDestination(
  { broker, destination, sends }: AmsSubject,
  client: AmsClient,
  { signal }: NetworkContext,
): Promise<Finding[]> {
  if (sends) {
    await client.topic(destination, signal);
    const limit = "messageLimit" in broker ? broker.messageLimit : undefined;
    return [
      ok(
        AREA,
        `the topic ${destination} is there; messages are sent up to ${limit} bytes as AMS stores them`,
      ),
    ];
  }
  const { topic, ackDeadlineMs } = await client.subscription(
    destination,
    signal,
  );
  return [
    ok(
      AREA,
      `the subscription ${destination} to ${topic} is there; what is pulled must be acknowledged within ${
        ackDeadlineMs / 1000
      } s`,
      {},
    ),
    ...await backlog(destination, client, signal),
  ];
}

/** How many messages wait; not every role may ask that. */
async function backlog(
  subscription: string,
  client: AmsClient,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    const { max, current } = await client.offsets(subscription, signal);
    const value = Number(max - current);
    return [
      ok(AREA, `${value} messages wait in ${subscription}`, {
        measures: [{ name: "backlog", value, unit: "" }],
      }),
    ];
  } catch (error) {
    if (isAmsError(error, "forbidden", "unauthorized")) return [];
    throw error;
  }
}

/** The service's clock, by the date of its last answer. */
function clock({ aheadMs }: AmsClient): Finding[] {
  if (aheadMs === undefined) return [];
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const text = seconds < 2
    ? "this machine's clock agrees with that of AMS"
    : `this machine's clock is ${seconds} s ${
      aheadMs > 0 ? "behind" : "ahead of"
    } that of AMS`;
  const measures = [{
    name: "clock_offset",
    value: -Math.round(aheadMs / 1000),
    unit: "s",
  }] as const;
  if (Math.abs(aheadMs) < MAX_SKEW_MS) return [ok(AREA, text, { measures })];
  const say = Math.abs(aheadMs) < 5 * MAX_SKEW_MS ? warn : fail;
  return [
    say(AREA, text, {
      hint:
        "set the clock (chrony, ntpd): times in signatures and certificates depend on it",
      measures,
    }),
  ];
}
