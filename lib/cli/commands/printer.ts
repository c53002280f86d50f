/**
 * `ssm printer`: prints what comes from a destination.
 *
 * @module
 */
import { integer, text } from "../../config/mod.ts";
import { isErrno, reason, SsmError } from "../../errors.ts";
import { isQueue, LEAVE, type StompMessage } from "../../stomp/mod.ts";
import type {
  Command,
  CommandContext,
  OptionValues,
} from "../command/command.ts";
import { EXIT, writeAll } from "../command/terminal.ts";
import { printedMessage, type PrintOptions } from "../tools/printed_message.ts";
import { given, usage } from "../command/option_values.ts";
import {
  clientOptions,
  composeClient,
  destinationOf,
  fromTcl,
  GOODBYE_MS,
  headersOf,
} from "../tools/stomp_client.ts";

const NAME = "printer";

const RETRY_FOR_MS = Infinity;

/** The command. */
export const printerCommand: Command = {
  name: NAME,
  usage: `Usage: ssm printer --topic NAME [OPTIONS]

Prints the body of every message that comes, each on lines of its own, until it
is stopped. A message is taken from its queue when it has been printed.

To a terminal, whatever could drive it is shown as \\x1b and the like; into a
pipe or a file goes what came, byte for byte.
`,
  options: {
    "Options": {
      "--topic NAME":
        "where from, as the broker calls it: /topic/news, /queue/jobs",
      "--destination NAME": "the same",
      "--type PATTERN":
        "prints only messages with such a content-type, as text/* or application/json; others are taken from a queue, too, but not printed",
      "--count N": "exits when N messages are printed",
      "--headers": "prints the headers before each body, then an empty line",
      "--json":
        "prints each message as one line of JSON: headers, body, or bodyBase64 if it is not UTF-8",
      "--header NAME:VALUE...":
        "a further header of SUBSCRIBE; may be repeated",
    },
    ...clientOptions(RETRY_FOR_MS),
  },
  notes:
    `Exit status: 0 stopped by a signal, by the reader of its output, or --count is
reached; 1 something failed, or it was stopped before --count; 2 the command
line is wrong.

The options of Tcl's printer are understood as they are (-topic /topic/news -tls true).

Examples:
  ssm printer --topic /topic/news
  ssm printer --topic '/topic/>' --type 'text/*' --headers
  ssm printer --destination /queue/jobs --count 10 --json | jq .headers
`,
  respell: fromTcl,
  run: runPrinter,
};

/** Messages that the broker may send ahead. */
const PREFETCH = 100;

async function runPrinter(
  values: OptionValues,
  { terminal, signal }: CommandContext,
): Promise<number> {
  const destination = destinationOf(NAME, values);
  const headers = headersOf(NAME, values);
  const count = given(values, "count", integer(1, 1e9)) ?? Infinity;
  const isWanted = typeFilter(given(values, "type", text));
  const options = printOptions(values);
  const prefetch = Math.min(PREFETCH, count);
  let printed = 0;
  let failure: unknown;
  const client = composeClient(NAME, values, {
    terminal,
    retryForMs: RETRY_FOR_MS,
    trimMessages: true,
  });
  const consumer = client.consume(destination, async (message) => {
    for (const words of missingIn(message)) {
      terminal.err(`ssm: warning: ${words}`);
    }
    // Of a topic it is a copy, which nobody keeps.
    if (isTooLarge(message)) return isQueue(destination) ? LEAVE : undefined;
    if (!isWanted(message.headers.get("content-type"))) return;
    try {
      for (const piece of printedMessage(message, options)) {
        await writeAll(piece);
      }
    } catch (error) {
      failure = error;
      // Unconfirmed, the message goes back.
      return client.close();
    }
    // Not awaited: it waits for this handler, and for the confirmation.
    if (++printed === count) consumer.unsubscribe().catch(() => {});
  }, {
    headers,
    prefetch,
    onEarlyLosses: (words) => terminal.err(`ssm: error: ${words}`),
  });
  const goodbye = { goodbyeMs: GOODBYE_MS };
  const stop = () =>
    void client.disconnect(goodbye).catch(() => client.close());
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    await consumer.done;
    await client.disconnect(goodbye);
  } finally {
    signal.removeEventListener("abort", stop);
    client.close();
    await client.closed;
  }
  return outcome({ failure, missing: count - printed, signal });
}

function isTooLarge({ trimmed }: StompMessage): boolean {
  return trimmed !== undefined && trimmed.bodyBytes > 0;
}

/** What is to be said of a message that is not whole. */
function missingIn(
  { trimmed, destination, messageId }: StompMessage,
): string[] {
  if (!trimmed) return [];
  const { headers, bodyBytes } = trimmed;
  const name = `Message ${messageId} of ${destination}`;
  const words: string[] = [];
  if (headers > 0) {
    words.push(
      `${name} has ${headers} headers that cannot be read, which are left out`,
    );
  }
  if (bodyBytes > 0) {
    const place = isQueue(destination) ? "stays in the queue" : "is left out";
    words.push(`${name} is too large with ${bodyBytes} bytes: it ${place}`);
  }
  return words;
}

function outcome(
  { failure, missing, signal }: {
    failure: unknown;
    missing: number;
    signal: AbortSignal;
  },
): number {
  if (isErrno(failure, "EPIPE")) return EXIT.ok;
  if (failure !== undefined) {
    throw new SsmError("SPOOL", `Cannot print: ${reason(failure)}`, {
      cause: failure,
    });
  }
  if (missing <= 0 || missing === Infinity) return EXIT.ok;
  throw new SsmError(
    "ABORTED",
    `Printing was stopped by ${signal.reason}: ${missing} messages are missing`,
  );
}

function printOptions(values: OptionValues): PrintOptions {
  const headers = values["headers"] === true;
  const json = values["json"] === true;
  if (headers && json) {
    throw usage(NAME, "Headers are in --json already, without --headers");
  }
  return { headers, json, terminal: Deno.stdout.isTerminal() };
}

/** Judges a content-type by its media type, without parameters. */
function typeFilter(
  pattern: string | undefined,
): (contentType: string | undefined) => boolean {
  if (pattern === undefined) return () => true;
  const parts = pattern.toLowerCase().split("*").map((part) =>
    RegExp.escape(part)
  );
  const expression = new RegExp(`^${parts.join(".*")}$`, "s");
  return (contentType = "") => {
    const [type = ""] = contentType.split(";");
    return expression.test(type.trim().toLowerCase());
  };
}
