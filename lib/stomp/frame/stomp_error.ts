/**
 * An ERROR frame as an error.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { Frame } from "./frame.ts";

/** How much of the broker's words goes into the error's message. */
const MAX_CHARACTERS = 1024;
const MAX_LINES = 3;

/** The peer sent an ERROR frame. */
export class StompError extends SsmError {
  /** Tells it from other errors of ssm. */
  override readonly name = "StompError";
  /** The ERROR frame, whole. */
  readonly frame: Frame;
  /**
   * Whether it is about one request, whose receipt it names; otherwise the
   * connection ends by it, whatever it is about.
   */
  readonly concernsRequest: boolean;

  /**
   * The message is `action`, a colon and the peer's words.
   *
   * @param action what failed by it, such as `Cannot connect to host:61613`
   */
  constructor(action: string, frame: Frame, concernsRequest = false) {
    super("STOMP_ERROR", `${action}: ${wordsOf(frame)}`);
    this.frame = frame;
    this.concernsRequest = concernsRequest;
  }
}

/** The `message` header and the first lines of the body, unless they repeat it. */
function wordsOf({ headers, body }: Frame): string {
  const message = headers.get("message")?.trim() ?? "";
  // A body may be a stack trace of any length; UTF-8 takes at most 4 bytes each.
  const text = new TextDecoder().decode(body.subarray(0, 4 * MAX_CHARACTERS));
  const lines = text.split(/[\r\n]+/).map((line) => line.trim())
    .filter((line) => line !== "" && line !== message).slice(0, MAX_LINES);
  const words = [message, ...lines].filter((part) => part !== "").join("; ");
  if (words === "") return "the broker gives no reason";
  return words.length > MAX_CHARACTERS
    ? `${words.slice(0, MAX_CHARACTERS)}…`
    : words;
}
