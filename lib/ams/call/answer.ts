/**
 * What an answer of AMS means.
 *
 * @module
 */
import { AmsError, type AmsErrorKind } from "./ams_error.ts";
import type { AmsCall, Answered } from "./call.ts";
import { hintFor } from "./hints.ts";
import { field, isRecord, parseJson, textField } from "./json.ts";
import { shown } from "./redaction.ts";

/**
 * A message that is stored with more than this, in bytes, and that gets a 500, is
 * too large: servers from 1.7.0 on say 500 where 413 is meant.
 */
const LARGE_BYTES = 900_000;

/**
 * The JSON object of a good answer; an empty one when there is no body.
 *
 * @throws {AmsError} for every other answer
 */
export function readAnswer(answered: Answered): Record<string, unknown> {
  const { answer } = answered;
  if (answer.status < 200 || answer.status > 299) throw refusal(answered);
  // The service says nothing when it has moved an offset; who wants to read
  // something will not find it.
  if (answer.body.length === 0) return {};
  const value = parseJson(answer.body);
  if (isRecord(value)) return value;
  throw notUnderstood(answered, "what is no JSON object");
}

/** An error for a good status with an answer that makes no sense. */
export function notUnderstood(
  { call, answer, whom }: Pick<Answered, "call" | "answer" | "whom">,
  what: string,
): AmsError {
  return new AmsError(
    "not understood",
    `Cannot ${call.action}: ${whom} answers ${answer.status} with ${what}`,
    {
      status: answer.status,
      hint: hintFor("not understood", call.place, answer.status),
    },
  );
}

function refusal({ call, answer, whom, secrets }: Answered): AmsError {
  const { status, retryAfterMs } = answer;
  const words = serverWords(answer.body);
  const kind = kindOf(call, status, words);
  const said = kind === "redirected"
    ? `, to ${shown(answer.location ?? "nowhere", secrets)}`
    : words === ""
    ? ""
    : ` ${shown(words, secrets)}`;
  const also = call.verb === "move" && status === 400
    ? "; the service may have moved it all the same"
    : "";
  return new AmsError(
    kind,
    `Cannot ${call.action}: ${whom} answers ${status}${said}${also}`,
    { status, retryAfterMs, hint: hintFor(kind, call.place, status) },
  );
}

function kindOf(call: AmsCall, status: number, words: string): AmsErrorKind {
  const { verb } = call;
  if (status >= 300 && status < 400) return "redirected";
  if (verb === "login") return loginKind(status, words);
  if (verb === "acknowledge") {
    // A token, or a project, is not at fault here.
    if (status === 408 || /wrong ack|no ack pending/i.test(words)) {
      return "not pending";
    }
  }
  if (verb === "publish") {
    const large = (call.largestBytes ?? 0) > LARGE_BYTES;
    if (status === 413 || (status === 500 && large)) return "too large";
  }
  if (verb === "pull" && status === 500 && BROKEN_RECORD.test(words)) {
    return "broken record";
  }
  return kindOfStatus(status);
}

const BROKEN_RECORD = /invalid JSON|exporting data to JSON/i;

function kindOfStatus(status: number): AmsErrorKind {
  switch (status) {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "not found";
    case 408:
    case 425:
    case 429:
      return "unavailable";
    case 409:
      return "conflict";
    case 413:
      return "too large";
  }
  return status >= 400 && status < 500
    ? "invalid"
    : status >= 500 && status < 600
    ? "unavailable"
    : "not understood";
}

/** The authentication service refuses a certificate in several ways. */
function loginKind(status: number, words: string): AmsErrorKind {
  // The host or the type of service that it does not know is not the DN's fault.
  if (status === 404 && !/binding/i.test(words)) return "not found";
  return [400, 401, 403, 404].includes(status)
    ? "unregistered"
    : kindOfStatus(status);
}

/** What an error's body says: JSON of AMS, or any text. */
function serverWords(body: Uint8Array): string {
  const value = parseJson(body);
  const error = field(value, "error");
  return textField(error, "message") ?? textField(value, "message") ??
    (typeof error === "string" ? error : undefined) ??
    // A page of a proxy or a load balancer: its words alone.
    new TextDecoder().decode(body.subarray(0, 4096))
      .replace(/<(style|script)\b[^]*?<\/\1>|<[^<>]*>/gi, " ").trim();
}
