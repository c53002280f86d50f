/**
 * The bodies that `ssm stomper` sends: lines of its input, or files.
 *
 * @module
 */
import { concatBytes } from "../../bytes.ts";
import { quoted, reason, SsmError } from "../../errors.ts";

/** A line longer than this is no line. */
const MAX_LINE_BYTES = 100 << 20;

const LF = 0x0a;
const CR = 0x0d;

/** The lines that are not empty, without their ends. */
export async function* readLines(
  input: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = input.getReader();
  const stop = () => void reader.cancel();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  let parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { value: chunk } = await reader.read();
      if (chunk === undefined) break;
      let start = 0;
      for (let end; (end = chunk.indexOf(LF, start)) >= 0; start = end + 1) {
        const line = joinLine([...parts, chunk.subarray(start, end)]);
        parts = [];
        length = 0;
        if (line.length > 0) yield line;
      }
      parts.push(chunk.slice(start));
      length += chunk.length - start;
      if (length > MAX_LINE_BYTES) {
        throw new SsmError(
          "LIMIT",
          "Cannot send line: it is longer than 100 MiB",
          {
            hint: "send it as a --file",
          },
        );
      }
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  const last = joinLine(parts);
  if (last.length > 0 && !signal.aborted) yield last;
}

function joinLine(parts: readonly Uint8Array[]): Uint8Array {
  const line = concatBytes(parts);
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}

/** The files, each whole. */
export async function* readFiles(
  paths: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  for (const path of paths) {
    if (signal.aborted) return;
    let body: Uint8Array;
    try {
      body = await Deno.readFile(path);
    } catch (cause) {
      throw new SsmError(
        "UNSENDABLE",
        `Cannot read ${quoted(path)}: ${reason(cause)}`,
        {
          cause,
        },
      );
    }
    yield body;
  }
}
