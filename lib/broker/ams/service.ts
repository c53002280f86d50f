/**
 * An AMS: answers the requests of its clients, over whatever server of HTTP.
 *
 * @module
 */
import { isSsmError } from "../../errors.ts";
import { type Logger, printable } from "../../log/mod.ts";
import type { HttpServerAnswer, HttpServerRequest } from "../../net/mod.ts";
import type { RefusalLog } from "../session/refusal_log.ts";
import type {
  Catalogue,
  SubscriptionOfTopic,
} from "../ams_topics/catalogue.ts";
import { AmsRefusal, json, refuse } from "./refusal.ts";
import { type AmsRoute, findRoute } from "./routes.ts";
import * as calls from "./subscription_calls.ts";
import { page, publish, type PublishRules, shownTopic } from "./topic_calls.ts";
import { login, profile } from "./user_calls.ts";
import type { AmsPlace, AmsUser, AmsUsers, JudgeCertificate } from "./users.ts";

/** What a service works with. */
export interface AmsServiceOptions {
  readonly catalogue: Catalogue;
  readonly users: () => AmsUsers;
  readonly judge: JudgeCertificate | undefined;
  readonly publishing: PublishRules;
  readonly pulling: calls.PullRules;
  /** The longest body of a request. */
  readonly maxRequestBytes: number;
  readonly refusals: RefusalLog;
  readonly logger: Logger;
}

/** What a call works with once it is known who asks for what. */
interface Call {
  readonly request: HttpServerRequest;
  readonly route: AmsRoute;
  readonly user: AmsUser;
  readonly project: string;
}

/** Answers requests. */
export class AmsService {
  readonly #options: AmsServiceOptions;

  constructor(options: AmsServiceOptions) {
    this.#options = options;
  }

  /** Answers a request; throws what is nobody's fault but the program's. */
  async answer(request: HttpServerRequest): Promise<HttpServerAnswer> {
    try {
      return await this.#answer(request);
    } catch (error) {
      if (error instanceof AmsRefusal) {
        this.#tell(request, error);
        return error.answer();
      }
      return this.#failed(request, error);
    }
  }

  async #answer(request: HttpServerRequest): Promise<HttpServerAnswer> {
    const route = findRoute(request.method, request.path);
    if ("wrong" in route) {
      switch (route.wrong) {
        case "path":
          return NO_PAGE;
        case "method":
          return { status: 405 };
        case "name":
          throw refuse.name(route.of);
      }
    }
    switch (route.call) {
      case "version":
        return json(VERSION_INFO, 200, 1);
      case "status":
        return json({ status: "ok", push_functionality: "disabled" }, 200, 1);
      case "authx509": {
        const { judge, users } = this.#options;
        return await login(request.peer, route.service, {
          judge,
          users: users(),
        });
      }
      case "profile":
        return profile(this.#user(request), this.#options.catalogue);
    }
    return await this.#call(this.#admit(request, route));
  }

  /** Who asks, in the order in which AMS finds out. */
  #admit(request: HttpServerRequest, route: AmsRoute): Call {
    const { project = "" } = route;
    if (tokenOf(request) === "") throw refuse.unauthorised();
    if (!this.#options.catalogue.hasProject(project)) {
      throw refuse.unknown("project");
    }
    return { request, route, user: this.#user(request), project };
  }

  #user(request: HttpServerRequest): AmsUser {
    const token = tokenOf(request);
    const user = token === ""
      ? undefined
      : this.#options.users().byToken(token);
    if (user === undefined) throw refuse.unauthorised();
    return user;
  }

  async #call(call: Call): Promise<HttpServerAnswer> {
    const { request, route, user, project } = call;
    const { catalogue, publishing, pulling } = this.#options;
    const body = () => this.#body(request);
    switch (route.call) {
      case "topics": {
        const topics = catalogue.topics(project).filter(({ name }) =>
          user.may({ right: "publish", project, name }) ||
          user.has("pull")
        );
        return page("topics", topics.map(shownTopic), request.query);
      }
      case "subscriptions": {
        const subscriptions = this.#readable(call);
        return page(
          "subscriptions",
          subscriptions.map(calls.shownSubscription),
          request.query,
        );
      }
      case "topic":
        return json(shownTopic(this.#topic(call, undefined)));
      case "subscriptions of topic": {
        const topic = this.#topic(call, undefined);
        const names = [...topic.subscriptions.keys()];
        return json({ subscriptions: names }, 200, 0);
      }
      case "publish": {
        const topic = this.#topic(call, "publish");
        return await publish(topic, await body(), publishing);
      }
    }
    const found = this.#subscription(call);
    switch (route.call) {
      case "subscription":
        return json(calls.shownSubscription(found));
      case "offsets":
        return calls.offsets(found);
      case "timeToOffset":
        return calls.timeToOffset(found, request.query.get("time") ?? "");
      case "pull":
        return calls.pull(found, await body(), pulling);
      case "acknowledge":
        return await calls.acknowledge(found, await body(), pulling.now());
      case "modifyAckDeadline":
        return await calls.modifyAckDeadline(found, await body());
      case "modifyOffset":
        return await calls.modifyOffset(found, await body());
      default:
        return NO_PAGE;
    }
  }

  #readable({ user, project }: Call): SubscriptionOfTopic[] {
    if (!user.has("pull")) throw refuse.forbidden();
    return this.#options.catalogue.subscriptions(project)
      .filter(({ subscription: { name } }) =>
        user.may({ right: "pull", project, name })
      );
  }

  #topic({ user, project, route }: Call, right: AmsPlace["right"] | undefined) {
    const { name = "" } = route;
    if (right !== undefined && !user.has(right)) throw refuse.forbidden();
    const topic = this.#options.catalogue.topic(project, name);
    if (topic === undefined) throw refuse.unknown("Topic");
    if (right !== undefined && !user.may({ right, project, name })) {
      throw refuse.forbidden();
    }
    return topic;
  }

  #subscription({ user, project, route }: Call): SubscriptionOfTopic {
    const { name = "" } = route;
    if (!user.has("pull")) throw refuse.forbidden();
    const found = this.#options.catalogue.subscription(project, name);
    if (found === undefined) throw refuse.unknown("Subscription");
    if (!user.may({ right: "pull", project, name })) throw refuse.forbidden();
    return found;
  }

  /** Who was refused and why; what was asked for may be in it, a token never is. */
  #tell({ remote, method, path }: HttpServerRequest, why: AmsRefusal): void {
    const { refusals } = this.#options;
    const asked = printable(path.slice(0, 200));
    refusals.tell(remote, `${method} ${asked}: ${why.code} ${why.message}`);
  }

  async #body(request: HttpServerRequest): Promise<Uint8Array> {
    try {
      return await request.body(this.#options.maxRequestBytes);
    } catch (error) {
      if (isSsmError(error, "LIMIT")) throw refuse.tooLarge();
      if (isSsmError(error, "TIMEOUT")) throw refuse.unavailable();
      throw error;
    }
  }

  /** What is not the fault of the request: no room in the store, or no store. */
  #failed({ remote }: HttpServerRequest, error: unknown): HttpServerAnswer {
    const { refusals } = this.#options;
    // It is gone, and hears nothing.
    if (isSsmError(error, "CONNECTION_LOST")) return { status: 400 };
    if (!isSsmError(error, "LIMIT") && !isSsmError(error, "SPOOL")) throw error;
    refusals.tell(remote, error.message);
    return refuse.unavailable().answer();
  }
}

/** What AMS says of a path that it does not know. */
const NO_PAGE: HttpServerAnswer = {
  status: 404,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: "404 page not found\n",
};

/** The members that AMS has; what it runs on is no business of strangers. */
const VERSION_INFO = {
  build_time: "",
  golang: "",
  compiler: "",
  os: "",
  architecture: "",
};

/** The token of a request: a header, or else a part of the address. */
function tokenOf({ header, query }: HttpServerRequest): string {
  return header("x-api-key") || query.get("key") || "";
}
