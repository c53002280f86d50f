/**
 * How a command ends: what the user reads, and the exit status.
 *
 * @module
 */
import { ConfigError } from "../../config/mod.ts";
import { isSsmError, reason } from "../../errors.ts";
import { printable } from "../../log/mod.ts";

/** Exit statuses of the originals: callers know no others. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** How a line stands out, where a person reads it on a terminal. */
export type Emphasis = "heading" | "good" | "bad" | "quiet";

/** Where commands write; tests pass their own. */
export interface Terminal {
  /** One line on standard output. */
  out(line: string, emphasis?: Emphasis): void;
  /** Makes room for a new picture: an empty screen, or where there is none nothing. */
  clear(): void;
  /** Bytes on standard output: as they are, or, on a terminal, {@linkcode harmless}. */
  body(bytes: Uint8Array): Promise<void>;
  /** One line on standard error. */
  err(line: string): void;
  /** True when standard error is a terminal that a person looks at. */
  readonly interactive: boolean;
  /** Replaces the progress line; an empty text removes it. */
  progress(text: string): void;
}

/** Select Graphic Rendition (ECMA-48 §8.3.117). */
const CODES: Readonly<Record<Emphasis, number>> = {
  heading: 1,
  good: 32,
  bad: 31,
  quiet: 2,
};

/** What a terminal may be shown of bytes: line ends and tabs remain; what is not UTF-8 is U+FFFD. */
export function harmless(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes).replaceAll("\r\n", "\n");
  return text.replace(/[^\n\t]+/g, printable);
}

/** Writes all of these bytes to standard output. */
export async function writeAll(bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const encoder = new TextEncoder();
  const write = (stream: typeof Deno.stdout, text: string) => {
    try {
      stream.writeSync(encoder.encode(text));
    } catch {
      // Nobody reads any more (a closed pipe): the work goes on.
    }
  };
  const interactive = Deno.stderr.isTerminal();
  const isScreen = Deno.stdout.isTerminal();
  // NO_COLOR: https://no-color.org
  const colors = isScreen && !Deno.env.get("NO_COLOR");
  return {
    interactive,
    out: (line, emphasis) => {
      const shown = printable(line);
      write(
        Deno.stdout,
        colors && emphasis
          ? `\x1b[${CODES[emphasis]}m${shown}\x1b[0m\n`
          : `${shown}\n`,
      );
    },
    body: async (bytes) => {
      if (!isScreen) return await writeAll(bytes);
      const shown = harmless(bytes);
      write(Deno.stdout, shown.endsWith("\n") ? shown : `${shown}\n`);
    },
    clear: () => {
      // Cursor to the top, and erase (ECMA-48 §8.3.21, §8.3.39).
      if (isScreen) write(Deno.stdout, "\x1b[H\x1b[2J");
    },
    err: (line) => write(Deno.stderr, `${printable(line)}\n`),
    progress: (text) => {
      if (interactive) write(Deno.stderr, `\r\x1b[K${printable(text)}`);
    },
  };
}

/** Tells the user of an error, and gives the exit status it means. */
export function reportError(error: unknown, terminal: Terminal): number {
  terminal.err(`ssm: error: ${reason(error)}`);
  if (error instanceof ConfigError) return reportConfig(error, terminal);
  if (!isSsmError(error)) {
    const stack = error instanceof Error ? error.stack ?? "" : "";
    for (const line of stack.split("\n")) if (line) terminal.err(line);
    return EXIT.failure;
  }
  if (error.cause !== undefined && !isSsmError(error.cause)) {
    terminal.err(`ssm: cause: ${reason(error.cause)}`);
  }
  if (error.hint) terminal.err(`ssm: hint: ${error.hint}`);
  return error.code === "USAGE" ? EXIT.usage : EXIT.failure;
}

/** All that cannot be used in a file, and what is odd: a mistyped key may be the one that is missing. */
function reportConfig(error: ConfigError, terminal: Terminal): number {
  const { others, warnings, hint } = error;
  if (hint) terminal.err(`ssm: hint: ${hint}`);
  for (const { message, hint } of others) {
    terminal.err(`ssm: error: ${message}`);
    if (hint) terminal.err(`ssm: hint: ${hint}`);
  }
  for (const words of warnings) terminal.err(`ssm: warning: ${words}`);
  return EXIT.failure;
}
