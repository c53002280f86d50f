/**
 * `ssm stomper`: sends lines and files to a destination.
 *
 * @module
 */
import { seconds, text } from "../../config/mod.ts";
import { reason, SsmError } from "../../errors.ts";
import { type ReconnectingClient, systemClock } from "../../stomp/mod.ts";
import {
  type Command,
  type CommandContext,
  listOption,
  type OptionValues,
} from "../command/command.ts";
import { EXIT } from "../command/terminal.ts";
import { given } from "../command/option_values.ts";
import {
  clientOptions,
  composeClient,
  destinationOf,
  fromTcl,
  GOODBYE_MS,
  headersOf,
} from "../tools/stomp_client.ts";
import { readFiles, readLines } from "../tools/bodies.ts";

const NAME = "stomper";

const RETRY_FOR_MS = 60_000;

const RECEIPT_TIMEOUT_MS = 60_000;

/** The command. */
export const stomperCommand: Command = {
  name: NAME,
  usage: `Usage: ssm stomper --topic NAME [OPTIONS]

Sends each line of standard input that is not empty as one message, or whole
files, and exits when the broker has worked off the last one.
`,
  options: {
    "Options": {
      "--topic NAME":
        "where to, as the broker calls it: /topic/news, /queue/jobs",
      "--destination NAME": "the same",
      "--file FILE...":
        "sends this file as one message, and does not read standard input; may be repeated",
      "--type TYPE":
        "content-type; default: text/plain for lines, application/octet-stream for files",
      "--header NAME:VALUE...": "a further header; may be repeated",
      "--receipt":
        "has every message confirmed by the broker; then what a lost connection leaves unconfirmed is sent again. Without it a lost connection is an error",
      "--receipt-timeout SECONDS":
        `how long the broker may take to confirm a message, or all of them at the end; default: ${
          RECEIPT_TIMEOUT_MS / 1000
        }`,
    },
    ...clientOptions(RETRY_FOR_MS),
  },
  notes:
    `Exit status: 0 all was sent; 1 something was not; 2 the command line is wrong.

The options of Tcl's stomper are understood as they are (-topic /topic/news -tls true).

Examples:
  ssm stomper --topic /queue/jobs --receipt --header persistent:true < jobs.txt
  date | ssm stomper --topic /topic/clock
  ssm stomper --destination /queue/images --file a.png --file b.png --type image/png
`,
  respell: fromTcl,
  run: runStomper,
};

/** Messages, and bytes of them, that may be unconfirmed at a time. */
const WINDOW = { messages: 100, bytes: 16 << 20 };

/** How long what has been read may take to be sent when the program is stopped, in ms. */
const STOP_GRACE_MS = 10_000;

async function runStomper(
  values: OptionValues,
  { terminal, signal }: CommandContext,
): Promise<number> {
  const destination = destinationOf(NAME, values);
  const receipt = values["receipt"] === true;
  const files = listOption(values, "file");
  const headers = {
    "content-type": given(values, "type", text) ??
      (files.length > 0 ? "application/octet-stream" : "text/plain"),
    ...headersOf(NAME, values),
  };
  let lost: SsmError | undefined;
  let confirmed = false;
  const receiptTimeoutMs =
    given(values, "receipt-timeout", seconds(1, 86_400)) ??
      RECEIPT_TIMEOUT_MS;
  const client = composeClient(NAME, values, {
    terminal,
    signal,
    receiptTimeoutMs,
    retryForMs: RETRY_FOR_MS,
    onState: (change) => {
      if (change.state !== "lost" || receipt) return;
      lost = change.reason;
      client.close();
    },
  });
  using _ = closeWhenStopped(client, signal);
  try {
    // Before anything is read, so that nothing read is lost.
    await client.connection();
    const bodies = files.length > 0
      ? readFiles(files, signal)
      : readLines(Deno.stdin.readable, endOf(client, signal));
    await sendAll(client, bodies, { destination, headers, receipt });
    confirmed = await client.disconnect({
      timeoutMs: receiptTimeoutMs,
      // With receipts all is confirmed by now.
      ...(receipt && { goodbyeMs: GOODBYE_MS }),
    });
  } catch (error) {
    if (lost === undefined && !signal.aborted) throw error;
  } finally {
    client.close();
  }
  const failure = await client.closed;
  if (failure !== undefined && !signal.aborted) throw failure;
  if (signal.aborted) throw stopped(signal);
  if (!confirmed && !receipt) throw uncertain(lost);
  return EXIT.ok;
}

/** Gives what is under way some time once the program is stopped, and no more. */
function closeWhenStopped(
  client: ReconnectingClient,
  signal: AbortSignal,
): Disposable {
  let cancel = () => {};
  const hurry = () =>
    cancel = systemClock.after(STOP_GRACE_MS, () => client.close());
  signal.addEventListener("abort", hurry, { once: true });
  if (signal.aborted) hurry();
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener("abort", hurry);
      cancel();
    },
  };
}

/** Aborted when nothing more is to be read: at a stop, or when the client gives up. */
function endOf(client: ReconnectingClient, signal: AbortSignal): AbortSignal {
  const over = new AbortController();
  client.closed.then(() => over.abort());
  return AbortSignal.any([signal, over.signal]);
}

function stopped(signal: AbortSignal): SsmError {
  return new SsmError("ABORTED", `Sending was stopped by ${signal.reason}`);
}

/** Sends one after another, several under way at a time. */
async function sendAll(
  client: ReconnectingClient,
  bodies: AsyncIterable<Uint8Array>,
  { destination, ...options }: {
    destination: string;
    headers: Record<string, string>;
    receipt: boolean;
  },
): Promise<void> {
  const underWay: { bytes: number; sent: Promise<void> }[] = [];
  let bytes = 0;
  const settleOldest = async () => {
    const oldest = underWay.shift()!;
    await oldest.sent;
    bytes -= oldest.bytes;
  };
  for await (const body of bodies) {
    while (
      underWay.length >= WINDOW.messages ||
      (underWay.length > 0 && bytes + body.length > WINDOW.bytes)
    ) await settleOldest();
    const sent = client.send(destination, body, options);
    // Its failure is met when its turn comes.
    sent.catch(() => {});
    underWay.push({ bytes: body.length, sent });
    bytes += body.length;
  }
  while (underWay.length > 0) await settleOldest();
}

function uncertain(lost: SsmError | undefined): SsmError {
  const why = lost === undefined
    ? "The broker closed the connection before it had confirmed the goodbye"
    : reason(lost);
  return new SsmError(
    "CONNECTION_LOST",
    `${why}: not everything may have arrived`,
    {
      hint:
        "with --receipt every message is confirmed, and sent again if need be",
    },
  );
}
