import assert from "node:assert/strict";
import {
  EXIT,
  processTerminal,
  reportError,
} from "../../../../lib/cli/command/terminal.ts";
import { quoted, SsmError } from "../../../../lib/errors.ts";

/** What is said on standard error, and the status. */
function report(error: unknown): { status: number; lines: string[] } {
  const lines: string[] = [];
  const terminal = {
    ...processTerminal(),
    err: (line: string) => void lines.push(line),
  };
  return { status: reportError(error, terminal), lines };
}

Deno.test("reportError() tells an expected error with its hint", () => {
  const error = new SsmError("CONNECT", "Cannot connect", { hint: "wait" });
  assert.deepEqual(report(error), {
    status: EXIT.failure,
    lines: ["ssm: error: Cannot connect", "ssm: hint: wait"],
  });
});

Deno.test("reportError() tells the cause that is not in the words of ssm already", () => {
  const foreign = new SsmError("SPOOL", "Cannot write", {
    cause: new Error("disk\nfull"),
  });
  assert.deepEqual(report(foreign).lines, [
    "ssm: error: Cannot write",
    "ssm: cause: disk full",
  ]);
  const own = new SsmError("CONNECT", "No broker: refused", {
    cause: new SsmError("CONNECT", "refused"),
  });
  assert.deepEqual(report(own).lines, ["ssm: error: No broker: refused"]);
});

Deno.test("reportError() gives the status of a wrong command line", () => {
  assert.equal(report(new SsmError("USAGE", "What?")).status, EXIT.usage);
});

Deno.test("reportError() shows where an unexpected error comes from, line by line", () => {
  const { status, lines } = report(new RangeError("a bug"));
  assert.equal(status, EXIT.failure);
  assert.equal(lines[0], "ssm: error: a bug");
  assert.equal(lines[1], "RangeError: a bug");
  assert.match(lines[2]!, /^ {4}at .*exit_test\.ts/);
  assert.ok(lines.every((line) => !line.includes("\n")));
});

Deno.test("reportError() takes whatever is thrown", () => {
  assert.deepEqual(report("words").lines, ["ssm: error: words"]);
  assert.deepEqual(report(undefined).lines, ["ssm: error: undefined"]);
});

Deno.test("quoted() shows what cannot be seen in a name", () => {
  assert.equal(quoted("/etc/x.pem "), '"/etc/x.pem "');
  assert.equal(
    quoted("/etc/\u200bx\u00a0y\n\u{e0001}"),
    '"/etc/\\u{200b}x\\u{a0}y\\u{a}\\u{e0001}"',
  );
  assert.equal(quoted("/données/文"), '"/données/文"');
});
