/**
 * What the specification demands and allows of every frame.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import { type Frame, mayHaveBody, type StompVersion } from "./frame.ts";

/** The headers of one command. */
interface Rule {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** Whether any further header may be added, for applications or as an extension. */
  readonly open?: boolean;
  /** Whether only servers send it; all others only clients send. */
  readonly server?: boolean;
}

type Rules = Readonly<Record<string, Rule>>;

/** How strictly a frame is checked. */
export interface CheckFrameOptions {
  /**
   * Headers that the peer is known to understand beyond the specification, such
   * as RabbitMQ's `durable` on UNSUBSCRIBE. @default none
   */
  readonly extensions?: readonly string[] | undefined;
}

const TRANSACTION: Rule = { required: ["transaction"], optional: [] };
const ACK_MODES_1_0 = ["auto", "client"];
const ACK_MODES = [...ACK_MODES_1_0, "client-individual"];

/** STOMP 1.0, as far as it is a specification. */
const RULES_1_0: Rules = {
  CONNECT: { required: [], optional: ["login", "passcode"], open: true },
  CONNECTED: { required: [], optional: ["session"], open: true, server: true },
  SEND: { required: ["destination"], optional: ["transaction"], open: true },
  SUBSCRIBE: {
    required: ["destination"],
    optional: ["id", "ack", "selector"],
    open: true,
  },
  UNSUBSCRIBE: { required: [], optional: ["destination", "id"] },
  ACK: { required: ["message-id"], optional: ["transaction"] },
  BEGIN: TRANSACTION,
  COMMIT: TRANSACTION,
  ABORT: TRANSACTION,
  DISCONNECT: { required: [], optional: [] },
  MESSAGE: {
    required: ["destination", "message-id"],
    optional: ["subscription"],
    open: true,
    server: true,
  },
  RECEIPT: { required: ["receipt-id"], optional: [], server: true },
  ERROR: { required: [], optional: ["message"], open: true, server: true },
};

const CONNECT_1_1: Rule = {
  required: ["accept-version", "host"],
  optional: ["login", "passcode", "heart-beat"],
  open: true,
};
const ACK_1_1: Rule = {
  required: ["message-id", "subscription"],
  optional: ["transaction"],
};

/** STOMP 1.1, "Client Frames" and "Server Frames". */
const RULES_1_1: Rules = {
  ...RULES_1_0,
  CONNECT: CONNECT_1_1,
  STOMP: CONNECT_1_1,
  CONNECTED: {
    required: ["version"],
    optional: ["session", "server", "heart-beat"],
    open: true,
    server: true,
  },
  SUBSCRIBE: {
    required: ["destination", "id"],
    optional: ["ack"],
    open: true,
  },
  UNSUBSCRIBE: { required: ["id"], optional: [] },
  ACK: ACK_1_1,
  NACK: ACK_1_1,
  MESSAGE: {
    required: ["destination", "message-id", "subscription"],
    optional: [],
    open: true,
    server: true,
  },
};

const ACK_1_2: Rule = { required: ["id"], optional: ["transaction"] };

/** STOMP 1.2, "Frames and Headers". */
const RULES_1_2: Rules = { ...RULES_1_1, ACK: ACK_1_2, NACK: ACK_1_2 };

const RULES: Readonly<Record<StompVersion, Rules>> = {
  "1.0": RULES_1_0,
  "1.1": RULES_1_1,
  "1.2": RULES_1_2,
};

/**
 * Holds a frame to the specification: a command of that version, its mandatory
 * headers, and no headers but those it may have. Any header may be added to
 * SEND and MESSAGE (for applications), and to CONNECT, CONNECTED, SUBSCRIBE and
 * ERROR (as extensions of a broker).
 *
 * @example
 * ```ts
 * import { checkFrame, makeFrame } from "@ssm/ssm/stomp";
 *
 * const ack = checkFrame(makeFrame("ACK", { id: "7" }), "1.2");
 *
 * // In STOMP 1.1 this would throw: it must have a header "message-id".
 * checkFrame(makeFrame("ACK", { "message-id": "7", subscription: "1" }), "1.1");
 * ```
 *
 * @returns the frame
 * @throws {SsmError} `STOMP_PROTOCOL`, naming what is missing or too much
 */
export function checkFrame(
  frame: Frame,
  version: StompVersion,
  { extensions = [] }: CheckFrameOptions = {},
): Frame {
  const { command, headers, body } = frame;
  const rule = ruleFor(command, version);
  if (rule === undefined) throw broken(frame, `STOMP ${version} has none`);
  for (const name of rule.required) {
    if (!headers.has(name)) {
      throw broken(frame, `it must have a header "${name}"`);
    }
  }
  for (const name of headers.keys()) {
    if (
      !rule.open && !rule.required.includes(name) &&
      !rule.optional.includes(name) && !extensions.includes(name) &&
      !isCommon(name, rule)
    ) {
      throw broken(frame, `it must not have a header "${name}"`);
    }
  }
  if (headers.has("receipt") && isGreeting(command)) {
    throw broken(frame, `it must not have a header "receipt"`);
  }
  if (command === "UNSUBSCRIBE" && !headers.has("id")) {
    if (!headers.has("destination")) {
      throw broken(frame, `it must have a header "id" or "destination"`);
    }
  }
  if (body.length > 0 && !mayHaveBody(command)) {
    throw broken(frame, "it must not have a body");
  }
  checkValues(frame, version);
  return frame;
}

/** A command is looked up as itself only, never as what every object has. */
function ruleFor(command: string, version: StompVersion): Rule | undefined {
  const rules = RULES[version];
  return Object.hasOwn(rules, command) ? rules[command] : undefined;
}

function checkValues(frame: Frame, version: StompVersion): void {
  const { command, headers, body } = frame;
  const ack = headers.get("ack");
  const modes = version === "1.0" ? ACK_MODES_1_0 : ACK_MODES;
  if (command === "SUBSCRIBE" && ack !== undefined && !modes.includes(ack)) {
    throw broken(frame, `"ack" must be one of ${modes.join(", ")}`);
  }
  const length = headers.get("content-length");
  if (length !== undefined && length !== `${body.length}`) {
    throw broken(frame, `"content-length" must be ${body.length}`);
  }
}

/** Headers that any frame of that side may have ("Standard Headers"). */
function isCommon(name: string, { server = false }: Rule): boolean {
  return name === "content-length" || name === "content-type" ||
    (name === "receipt" && !server);
}

function isGreeting(command: string): boolean {
  return command === "CONNECT" || command === "STOMP";
}

function broken({ command }: Frame, state: string): SsmError {
  return new SsmError(
    "STOMP_PROTOCOL",
    `Cannot use ${command.slice(0, 32)} frame: ${state}`,
  );
}
