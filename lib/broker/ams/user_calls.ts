/**
 * The calls about users: who am I, and my token for my certificate.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { HttpServerAnswer, HttpServerRequest } from "../../net/mod.ts";
import type { Catalogue } from "../ams_topics/catalogue.ts";
import { json, LoginRefusal } from "./refusal.ts";
import type { AmsUser, AmsUsers, JudgeCertificate } from "./users.ts";

/** What a user may do where, in the words of AMS. */
export function profile(user: AmsUser, catalogue: Catalogue): HttpServerAnswer {
  const names = new Set(catalogue.topics().map(({ project }) => project));
  const projects = [...names].map((project) => {
    const topics = catalogue.topics(project)
      .map(({ name }) => name)
      .filter((name) => user.may({ right: "publish", project, name }));
    const subscriptions = catalogue.subscriptions(project)
      .map(({ subscription: { name } }) => name)
      .filter((name) => user.may({ right: "pull", project, name }));
    const roles = [
      ...(topics.length > 0 ? ["publisher"] : []),
      ...(subscriptions.length > 0 ? ["consumer"] : []),
    ];
    return { project, roles, topics, subscriptions };
  }).filter(({ roles }) => roles.length > 0);
  return json({
    uuid: uuidOf(user.name),
    projects,
    name: user.name,
    email: "",
    service_roles: [],
  });
}

/** Users have no other number here; it is the same at every start. */
function uuidOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * Gives the user of a certificate its token, as the service of authentication does.
 *
 * @throws {LoginRefusal} when it has none
 */
export async function login(
  peer: HttpServerRequest["peer"],
  service: string | undefined,
  { judge, users }: {
    readonly judge: JudgeCertificate | undefined;
    readonly users: AmsUsers;
  },
): Promise<HttpServerAnswer> {
  if (peer === undefined || judge === undefined) {
    throw new LoginRefusal(400, "No certificate provided", "BAD REQUEST");
  }
  const verdict = await judge(peer);
  if ("refused" in verdict) {
    const words = `Your certificate is invalid. ${verdict.refused}`;
    throw new LoginRefusal(403, words, "ACCESS_FORBIDDEN");
  }
  if (service !== "ams") {
    throw new LoginRefusal(404, "Service-type was not found", "NOT FOUND");
  }
  const token = users.tokenFor(verdict.dns);
  if (token === undefined) {
    throw new LoginRefusal(404, "Binding was not found", "NOT FOUND");
  }
  return json({ token }, 200, 1);
}
