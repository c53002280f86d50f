/**
 * Which call a request is.
 *
 * @module
 */
import { isAmsName } from "../ams_topics/catalogue.ts";

/** A call, and the names in its path. */
export interface AmsRoute {
  readonly call: AmsCall;
  readonly project?: string;
  /** Of the topic or subscription. */
  readonly name?: string;
  /** Of a service of authentication. */
  readonly service?: string;
}

/** What can be asked of an AMS. */
export type AmsCall =
  | "version"
  | "status"
  | "profile"
  | "authx509"
  | "topics"
  | "topic"
  | "publish"
  | "subscriptions of topic"
  | "subscriptions"
  | "subscription"
  | "offsets"
  | "timeToOffset"
  | "pull"
  | "acknowledge"
  | "modifyAckDeadline"
  | "modifyOffset";

/** A call by method and path. Where two fit, the first counts. */
const ROUTES: readonly (readonly [AmsCall, string, RegExp])[] = [
  ["version", "GET", path("/version")],
  ["status", "GET", path("/status")],
  ["profile", "GET", path("/users/profile")],
  ["authx509", "GET", path("/service-types/<service>/hosts/<host>:authx509")],
  ["topics", "GET", path("/projects/<project>/topics")],
  ["subscriptions", "GET", path("/projects/<project>/subscriptions")],
  [
    "subscriptions of topic",
    "GET",
    path("/projects/<project>/topics/<topic>/subscriptions"),
  ],
  ["publish", "POST", path("/projects/<project>/topics/<topic>:publish")],
  ...(["offsets", "timeToOffset"] as const).map((call) =>
    [call, "GET", ofSubscription(call)] as const
  ),
  ...(["pull", "acknowledge", "modifyAckDeadline", "modifyOffset"] as const)
    .map((call) => [call, "POST", ofSubscription(call)] as const),
  ["topic", "GET", path("/projects/<project>/topics/<topic>")],
  [
    "subscription",
    "GET",
    path("/projects/<project>/subscriptions/<subscription>"),
  ],
];

function ofSubscription(call: AmsCall): RegExp {
  return path(`/projects/<project>/subscriptions/<subscription>:${call}`);
}

function path(template: string): RegExp {
  return new RegExp(`^/v1${template.replace(/<(\w+)>/g, "(?<$1>[^/]+)")}$`);
}

/**
 * Finds the call.
 *
 * @returns why there is none: nothing is at that path, or the method is another,
 *   or a name in it is none
 */
export function findRoute(
  method: string,
  pathname: string,
):
  | AmsRoute
  | { readonly wrong: "path" | "method" }
  | { readonly wrong: "name"; readonly of: string } {
  let wrong: "path" | "method" = "path";
  for (const [call, expected, pattern] of ROUTES) {
    const match = pattern.exec(pathname);
    if (match === null) continue;
    if (method !== expected) {
      wrong = "method";
      continue;
    }
    const { project, topic, subscription, service } = match.groups ?? {};
    const name = topic ?? subscription;
    // In the order of the alphabet, as AMS looks at them.
    for (const [of, text] of Object.entries({ project, subscription, topic })) {
      if (text !== undefined && !isAmsName(text)) return { wrong: "name", of };
    }
    return {
      call,
      ...(project !== undefined && { project }),
      ...(name !== undefined && { name }),
      ...(service !== undefined && { service }),
    };
  }
  return { wrong };
}
