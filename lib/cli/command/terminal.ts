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

/** Where commands write; tests pass their own. */
export interface Terminal {
  /** One line on standard output. */
  out(line: string): void;
  /** One line on standard error. */
  err(line: string): void;
  /** True when standard error is a terminal that a person looks at. */
  readonly interactive: boolean;
  /** Replaces the progress line; an empty text removes it. */
  progress(text: string): void;
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
  return {
    interactive,
    out: (line) => write(Deno.stdout, `${printable(line)}\n`),
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
