/**
 * How an AMS says no: with a status of HTTP and words in JSON, as the server of
 * ARGO does (handlers/errors.go), so that its clients understand it.
 *
 * @module
 */
import type { HttpServerAnswer } from "../../net/mod.ts";

/** A request that is refused; the message is for its client. */
export class AmsRefusal extends Error {
  override readonly name = "AmsRefusal";
  /** The status of HTTP. */
  readonly code: number;
  /** Its name, as AMS spells it. */
  readonly status: string;

  constructor(code: number, message: string, status: string) {
    super(message);
    this.code = code;
    this.status = status;
  }

  /** The answer that says so. */
  answer(): HttpServerAnswer {
    const { code, message, status } = this;
    const answer = json({ error: { code, message, status } }, code);
    if (code !== 503) return answer;
    return { ...answer, headers: { ...answer.headers, "retry-after": "5" } };
  }
}

/** A certificate that gets no token: the service for that has a layout of its own. */
export class LoginRefusal extends AmsRefusal {
  override answer(): HttpServerAnswer {
    const { code, message, status } = this;
    return json({ error: { message, code, status } }, code, 1);
  }
}

/** Every refusal, in the words of the real one where it has them. */
export const refuse = {
  name: (kind: string) => invalid(`Invalid ${kind} name`),
  body: (what: string) => invalid(`Invalid ${what} Arguments`),
  data: invalid,
  unauthorised: () => new AmsRefusal(401, "Unauthorized", "UNAUTHORIZED"),
  forbidden: () =>
    new AmsRefusal(403, "Access to this resource is forbidden", "FORBIDDEN"),
  unknown: (what: string) =>
    new AmsRefusal(404, `${what} doesn't exist`, "NOT_FOUND"),
  exists: (what: string) =>
    new AmsRefusal(409, `${what} already exists`, "ALREADY_EXISTS"),
  conflict: (message: string) => new AmsRefusal(409, message, "CONFLICT"),
  late: (message: string) => new AmsRefusal(408, message, "TIMEOUT"),
  tooLarge: () =>
    new AmsRefusal(413, "Message size is too large", "INVALID_ARGUMENT"),
  /** What may work later: it is not the fault of the request. */
  unavailable: () => new AmsRefusal(503, "Backend Error", "UNAVAILABLE"),
  internal: (message: string) =>
    new AmsRefusal(500, message, "INTERNAL_SERVER_ERROR"),
};

function invalid(message: string): AmsRefusal {
  return new AmsRefusal(400, message, "INVALID_ARGUMENT");
}

/** An answer in JSON, laid out as ARGO's server does. */
export function json(
  value: unknown,
  status = 200,
  indent = 3,
): HttpServerAnswer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify(value, null, indent),
  };
}

/** What a call answers that has nothing to say: the real one calls even that JSON. */
export const NOTHING: HttpServerAnswer = {
  status: 200,
  headers: { "content-type": "application/json; charset=utf-8" },
};
