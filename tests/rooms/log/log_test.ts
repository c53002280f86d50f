import assert from "node:assert/strict";
import {
  formatJson,
  formatText,
  Logger,
  type LogRecord,
  printable,
  silentLogger,
} from "../../../lib/log/logger.ts";
import { systemClock } from "../../../lib/time/mod.ts";
import { testWith } from "../../peers/parts.ts";
import { mountSmall } from "../../kit/disk/small_disk.ts";
import {
  FileSink,
  type LogWriter,
  writerSink,
} from "../../../lib/log/sinks.ts";
import { text } from "../../kit/text.ts";
import { temporaryDirectory } from "../../kit/disk/directories.ts";

const TIME = new Date(2026, 10, 20, 9, 6, 5, 86);
const RECORD: LogRecord = {
  time: TIME,
  name: "ssmsend",
  level: "INFO",
  message: "Found 2 messages.",
};

Deno.test("formatText() writes the line of the original", () => {
  assert.equal(
    formatText(RECORD),
    "2026-11-20 09:06:05,086 - ssmsend - INFO - Found 2 messages.",
  );
});

Deno.test("formatJson() writes one object on one line", () => {
  const line = formatJson({ ...RECORD, message: 'a "b"\nc' });
  assert.ok(!line.includes("\n"));
  assert.deepEqual(JSON.parse(line), {
    time: TIME.toISOString(),
    name: "ssmsend",
    level: "INFO",
    message: 'a "b"\nc',
  });
});

Deno.test("printable() leaves nothing that forges a line or drives a terminal", () => {
  assert.equal(
    printable("a\n\r\t\0\x1b[31m\x7f\x9b\u2028\u202eé 漢"),
    "a\\x0a\\x0d\\x09\\x00\\x1b[31m\\x7f\\x9b\\u2028\\u202eé 漢",
  );
});

Deno.test("Logger passes what is at or above its level to every sink, under its name", () => {
  const records: LogRecord[] = [];
  const sink = (record: LogRecord) => void records.push(record);
  const logger = new Logger("a", [sink, sink], "WARNING", {
    ...systemClock,
    date: () => TIME,
  });
  logger.debug("no");
  logger.info("no");
  logger.warning("one");
  logger.named("b").critical("two");
  logger.error("three");
  silentLogger().critical("nobody hears this");
  assert.deepEqual(
    records.filter((_, index) => index % 2 === 0),
    [
      { time: TIME, name: "a", level: "WARNING", message: "one" },
      { time: TIME, name: "b", level: "CRITICAL", message: "two" },
      { time: TIME, name: "a", level: "ERROR", message: "three" },
    ],
  );
  assert.equal(records.length, 6);
});

Deno.test("writerSink() writes whole lines, however little the writer takes", () => {
  const written: number[] = [];
  const sink = writerSink({
    writeSync(bytes) {
      written.push(bytes[0]!);
      return 1;
    },
  });
  sink({ ...RECORD, message: "é" });
  sink(RECORD);
  assert.equal(
    text(Uint8Array.from(written)),
    `${formatText({ ...RECORD, message: "é" })}\n${formatText(RECORD)}\n`,
  );
});

Deno.test("writerSink() goes on after a failure, and says how many lines were lost", () => {
  const disk = new Disk();
  const sink = writerSink(disk);
  const say = (message: string) => sink({ ...RECORD, message });
  say("one");
  disk.room = 0;
  say("two");
  say("three");
  disk.room = 1000;
  say("four");
  assert.deepEqual(disk.messages(), [
    "one",
    "2 log lines were lost because the log could not be written",
    "four",
  ]);
});

Deno.test("writerSink() starts a new line after one that broke off", () => {
  const disk = new Disk();
  const sink = writerSink(disk);
  disk.room = 10;
  sink(RECORD);
  disk.room = 1000;
  sink({ ...RECORD, message: "next" });
  assert.equal(disk.text.split("\n")[0], "2026-11-20");
  assert.deepEqual(disk.messages().slice(1), [
    "1 log line was lost because the log could not be written",
    "next",
  ]);
});

Deno.test("FileSink appends, creates with mode 0640, and writes JSON if told to", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/log`;
  for (const format of ["text", "json"] as const) {
    using file = new FileSink(path, { format });
    file.sink(RECORD);
  }
  assert.equal(
    await Deno.readTextFile(path),
    `${formatText(RECORD)}\n${formatJson(RECORD)}\n`,
  );
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o640);
});

Deno.test("FileSink.reopen() goes on in a new file after the old one was renamed", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/log`;
  using file = new FileSink(path);
  file.sink({ ...RECORD, message: "one" });
  await Deno.rename(path, `${path}.1`);
  file.sink({ ...RECORD, message: "two" });
  file.reopen();
  file.sink({ ...RECORD, message: "three" });
  const messages = async (path: string) =>
    messagesOf(await Deno.readTextFile(path));
  assert.deepEqual(await messages(`${path}.1`), ["one", "two"]);
  assert.deepEqual(await messages(path), ["three"]);
});

Deno.test("FileSink.reopen() that fails leaves the old file in use", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/logs/log`;
  await Deno.mkdir(`${directory.path}/logs`);
  using file = new FileSink(path);
  await Deno.rename(`${directory.path}/logs`, `${directory.path}/away`);
  assert.throws(() => file.reopen(), { code: "CONFIG" });
  file.sink(RECORD);
  assert.equal(
    await Deno.readTextFile(`${directory.path}/away/log`),
    `${formatText(RECORD)}\n`,
  );
});

Deno.test("FileSink refuses a file that cannot be opened", async () => {
  await using directory = await temporaryDirectory();
  assert.throws(() => new FileSink(`${directory.path}/no/log`), {
    name: "SsmError",
    code: "CONFIG",
  });
});

testWith(["root"], "FileSink survives a full disk", async () => {
  await using directory = await temporaryDirectory();
  await using _ = await mountSmall(`${directory.path}/disk`);
  const path = `${directory.path}/disk/log`;
  const ballast = `${directory.path}/disk/ballast`;
  using file = new FileSink(path);
  await assert.rejects(() => Deno.writeFile(ballast, new Uint8Array(1 << 20)));
  file.sink(RECORD);
  file.sink(RECORD);
  assert.equal(file.lost, 2);
  await Deno.remove(ballast);
  file.sink({ ...RECORD, message: "back" });
  assert.equal(file.lost, 0);
  assert.deepEqual(messagesOf(await Deno.readTextFile(path)), [
    "2 log lines were lost because the log could not be written",
    "back",
  ]);
});

/** A writer with room for so many bytes. */
class Disk implements LogWriter {
  text = "";
  room = 1000;

  writeSync(bytes: Uint8Array): number {
    if (this.room === 0) throw new Error("No space left on device");
    const part = bytes.subarray(0, this.room);
    this.room -= part.length;
    this.text += text(part);
    return part.length;
  }

  messages(): string[] {
    return messagesOf(this.text);
  }
}

function messagesOf(log: string): string[] {
  return log.trimEnd().split("\n")
    .map((line) => line.split(" - ").slice(3).join(" - "));
}
