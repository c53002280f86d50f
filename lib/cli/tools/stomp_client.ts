/**
 * What `ssm stomper` and `ssm printer` have in common: the options that say
 * which broker, and a client made from them.
 *
 * @module
 */
import {
  boolean,
  hosts,
  integer,
  type Kind,
  path,
  seconds,
  text,
} from "../../config/mod.ts";
import { reason } from "../../errors.ts";
import { dial } from "../../net/mod.ts";
import {
  ReconnectingClient,
  type ReconnectOptions,
  waitingMayHelp,
} from "../../stomp/mod.ts";
import { TLS_OPTIONS, tlsOf } from "./client_tls.ts";
import {
  listOption,
  type OptionValues,
  textOption,
} from "../command/command.ts";
import type { OptionGroups } from "../command/options.ts";
import type { Terminal } from "../command/terminal.ts";
import { readPassword } from "../command/text_file.ts";
import { given, usage } from "../command/option_values.ts";

/** A frame with a message of 100 MB, whatever it is wrapped in. */
const MAX_BODY_BYTES = 256 << 20;

/** How long the broker may take to answer a goodbye when nothing depends on it, in ms. */
export const GOODBYE_MS = 2000;

/**
 * The options that say which broker, and how.
 *
 * @param retryForMs what the command does without `--retry-for`
 */
export function clientOptions(retryForMs: number): OptionGroups {
  const retryFor = retryForMs === Infinity ? "for ever" : retryForMs / 1000;
  return {
    "Broker": {
      "--host HOSTS":
        "several between commas, each with or without :port, are tried in order; default: localhost",
      "--port PORT": "default: 61613",
      "--user LOGIN": "",
      "--password PASSCODE": "others on this machine can see it; better:",
      "--password-file FILE": "its first line",
      "--vhost NAME": "default: the broker's own default",
      "--heart-beat SECONDS": "default: 30; 0 turns heart-beats off",
      "--retry-for SECONDS":
        `how long to go on while no broker can be reached or nothing gets through; default: ${retryFor}`,
    },
    "TLS": TLS_OPTIONS,
  };
}

/**
 * Writes the options of Tcl's stomper and printer as ours: `-tls` takes a
 * boolean there, and `-verbose` a number that says nothing here.
 */
export function fromTcl(args: readonly string[]): string[] {
  const own: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    const next = args[index + 1] ?? "";
    if (/^--?tls$/.test(arg) && boolean.parse(next) !== undefined) {
      if (boolean.parse(next)) own.push("--tls");
      index++;
    } else if (/^--?verbose$/.test(arg) && /^[0-5]$/.test(next)) {
      index++;
    } else {
      own.push(arg);
    }
  }
  return own;
}

/**
 * Where to.
 *
 * @throws {SsmError} `USAGE` when that is not said, or said twice
 */
export function destinationOf(command: string, values: OptionValues): string {
  const destination = given(values, "destination", text);
  const topic = given(values, "topic", text);
  if ((destination === undefined) === (topic === undefined)) {
    throw usage(command, "Either --topic or --destination must be given");
  }
  return destination ?? topic!;
}

/** Headers that ssm sets itself. */
const OWN_HEADERS = [
  "destination",
  "id",
  "ack",
  "receipt",
  "transaction",
  "content-length",
];

/**
 * Further headers; of a repeated one the last counts.
 *
 * @throws {SsmError} `USAGE` for what is not `name:value`
 */
export function headersOf(
  command: string,
  values: OptionValues,
): Record<string, string> {
  const pairs = listOption(values, "header").map((header) => {
    const colon = header.indexOf(":");
    const name = header.slice(0, Math.max(colon, 0));
    if (name === "") {
      throw usage(command, `The --header "${header}" is not name:value`);
    }
    if (OWN_HEADERS.includes(name)) {
      throw usage(command, `The header "${name}" is set by ssm`);
    }
    return [name, header.slice(colon + 1)];
  });
  return Object.fromEntries(pairs);
}

/** What a client is made with, besides the options. */
export interface ClientSettings extends
  Pick<
    ReconnectOptions,
    "onState" | "receiptTimeoutMs" | "retryForMs" | "signal" | "trimMessages"
  > {
  readonly terminal: Terminal;
}

/**
 * Makes a client of the options; it connects at once. What stands in its way is
 * said on standard error.
 *
 * @throws {SsmError} `USAGE`, `CONFIG`, `CERTIFICATE`, `KEY`, `TRUST`
 */
export function composeClient(
  command: string,
  values: OptionValues,
  { terminal, onState, retryForMs, ...settings }: ClientSettings,
): ReconnectingClient {
  const warn = (words: string) => terminal.err(`ssm: warning: ${words}`);
  const option = <T>(name: string, kind: Kind<T>) => given(values, name, kind);
  const port = option("port", integer(1, 65535)) ?? 61613;
  const brokers = option("host", hosts) ?? [{ host: "localhost", port }];
  const heartBeatMs = option("heart-beat", seconds(0, 3600)) ?? 30_000;
  const tls = tlsOf(command, values, warn);
  return new ReconnectingClient({
    ...settings,
    dial: brokers.map(({ host, port: own }) => (signal) => {
      if (tls?.verify === "none") {
        warn(
          `The certificate of ${host} is not verified: anybody may pose as it`,
        );
      }
      return dial({ host, port: own ?? port, tls, signal });
    }),
    retryForMs: option("retry-for", seconds(0, 864_000)) ?? retryForMs,
    // Somebody sits before it, however long it would wait.
    worthRetrying: waitingMayHelp,
    onState: (change) => {
      const { state, reason: why, waitMs = 0 } = change;
      if (state === "lost") warn(reason(why));
      if (state === "connecting" && why !== undefined) {
        const wait = Math.ceil(waitMs / 1000);
        warn(`${reason(why)}; trying again in ${wait} s`);
      }
      onState?.(change);
    },
    host: option("vhost", text) ?? false,
    login: option("user", text),
    passcode: textOption(values, "password") ??
      passwordFrom(option("password-file", path), warn),
    heartBeat: { sendMs: heartBeatMs, receiveMs: heartBeatMs },
    limits: { maxBodyBytes: MAX_BODY_BYTES },
  });
}

function passwordFrom(
  path: string | undefined,
  warn: (words: string) => void,
): string | undefined {
  return path === undefined ? undefined : readPassword({
    path,
    what: "Password file",
    danger: "they can log in to the broker with it",
  }, warn);
}
