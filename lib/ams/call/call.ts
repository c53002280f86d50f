/**
 * What is asked of AMS.
 *
 * @module
 */
import { isSsmError, reason } from "../../errors.ts";
import type { HttpAnswer, HttpClient } from "../../net/mod.ts";
import { AmsError } from "./ams_error.ts";
import { hintFor, type Place } from "./hints.ts";

/** What a call does; some answers mean something for one of them alone. */
export type Verb =
  | "publish"
  | "pull"
  | "acknowledge"
  | "move"
  | "look"
  | "login";

/** One call of AMS. */
export interface AmsCall {
  readonly verb: Verb;
  /** For a person: `publish to topic "T" of project "P"`. */
  readonly action: string;
  /** What the call is about, for the hints. */
  readonly place: Place;
  readonly method: "GET" | "POST";
  /** From the first `/` on. */
  readonly path: string;
  /** The body, JSON. */
  readonly body?: string | undefined;
  /** Most bytes of the answer. @default 1 MiB */
  readonly maxAnswerBytes?: number | undefined;
  /** The largest message published, in bytes as stored. */
  readonly largestBytes?: number | undefined;
  /** Whether it may reach the service twice without harm. */
  readonly repeatable: boolean;
  /** Made without a token. @default false */
  readonly anonymous?: boolean | undefined;
}

/** A call with what goes with it. */
export interface CallSettings {
  readonly call: AmsCall;
  /** @default none */
  readonly token?: string | undefined;
  /** Who is to answer: `AMS at HOST:PORT`. */
  readonly whom: string;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** What must not be shown. */
  readonly secrets: () => readonly string[];
}

/** A call with its answer. */
export interface Answered {
  readonly call: AmsCall;
  readonly answer: HttpAnswer;
  /** Who answers: `AMS at HOST:PORT`. */
  readonly whom: string;
  /** What must not be shown. */
  readonly secrets: readonly string[];
}

/**
 * Makes a call.
 *
 * @throws {AmsError} `not understood` when the answer is no HTTP, `answer too long`
 * @throws {SsmError} as {@linkcode HttpClient.call}
 */
export async function makeCall(
  http: HttpClient,
  { call, token, whom, secrets, ...settings }: CallSettings,
): Promise<Answered> {
  const { method, path, body, repeatable } = call;
  try {
    const answer = await http.call({
      ...{ method, path, body, repeatable, ...settings },
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { "x-api-key": token }),
      },
    });
    return { call, answer, whom, secrets: secrets() };
  } catch (error) {
    if (!isSsmError(error, "HTTP_PROTOCOL") && !isSsmError(error, "LIMIT")) {
      throw error;
    }
    const state = reason(error).replace(/^Cannot read the answer[^:]*: /, "");
    const kind = error.code === "LIMIT" ? "answer too long" : "not understood";
    throw new AmsError(
      kind,
      `Cannot ${call.action}: the answer of ${whom} cannot be read: ${state}`,
      { cause: error, hint: hintFor(kind, call.place) },
    );
  }
}
