/**
 * What to do about each kind of error.
 *
 * @module
 */
import { quoted } from "../../errors.ts";
import type { AmsErrorKind } from "./ams_error.ts";

/** What a call is about. */
export interface Place {
  readonly project: string;
  readonly what: "topic" | "subscription" | "user" | "service" | "login";
  /** The name of the topic or the subscription. */
  readonly name?: string | undefined;
  /** What there is to say of our own certificate. */
  readonly certificate?: CertificateHints | undefined;
  /** How the client came by its token. */
  readonly credential: "token" | "certificate";
}

/** What to do about a certificate with which there is no token. */
export interface CertificateHints {
  /** The authentication service does not know its DN. */
  readonly unknown: string;
  /** The authentication service refuses it. */
  readonly refused: string;
}

/** One or two sentences; `undefined` where there is nothing to be done but to try again. */
export function hintFor(
  kind: AmsErrorKind,
  place: Place,
  status?: number,
): string | undefined {
  const where = placeWords(place);
  const role = place.what === "subscription" ? "consumer" : "publisher";
  switch (kind) {
    case "unauthorized":
      return place.credential === "token"
        ? `Check the token (token or token_file), and that it belongs to a user of project ${
          quoted(place.project)
        }; the operators of AMS give out a new one.`
        : "The token that the authentication service gave is not accepted: tell the operators of AMS.";
    case "unregistered":
      return status === 404
        ? place.certificate?.unknown
        : place.certificate?.refused;
    case "forbidden":
      return `Ask the operators of AMS for the role of a ${role} in project ${
        quoted(place.project)
      } and for access to ${where}.`;
    case "not found":
      return place.what === "login"
        ? "Check host: it must be named as the authentication service knows it."
        : `Check ams_project and destination, or ask the operators of AMS to create ${where}.`;
    case "conflict":
      return `The topic of ${where} was deleted: ask the operators of AMS for another subscription.`;
    case "too large":
      return "Send it in several smaller messages.";
    case "redirected":
      return "Set host to the server that is AMS: a redirection is never followed, because the token would go along.";
    case "not understood":
    case "answer too long":
      return "Check that host and port are those of AMS, and whether a proxy answers in its place.";
    case "invalid":
    case "not pending":
    case "broken record":
    case "unavailable":
      return undefined;
  }
}

/** `topic "T" of project "P"`. */
export function placeWords({ what, name, project }: Place): string {
  return name === undefined
    ? `project ${quoted(project)}`
    : `${what} ${quoted(name)} of project ${quoted(project)}`;
}
