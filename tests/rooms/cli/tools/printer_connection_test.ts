import assert from "node:assert/strict";
import { command, messageWith } from "./printing.ts";
import { Running } from "../../../kit/programs/program.ts";
import { AnsweringBroker, content } from "../../../kit/net/answering_broker.ts";

const DONE = { status: 0, stderr: "" };

Deno.test("ssm printer goes on after a lost connection, and says so", async () => {
  let connections = 0;
  const acknowledged: (string | undefined)[] = [];
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    await content(frame, peer);
    const { command, headers } = frame;
    if (command === "ACK") {
      acknowledged.push(headers.get("message-id"));
      if (connections === 1) peer.close();
    }
    if (command !== "SUBSCRIBE") return;
    const id = `${++connections}`;
    await peer.reply("MESSAGE", {
      destination: "/queue/a",
      subscription: headers.get("id")!,
      "message-id": id,
    }, `body ${id}`);
  });
  await using printer = new Running(command(broker.port, ["--count=2"]));
  const { status, stdout, stderr } = await printer.end();
  assert.deepEqual([status, stdout], [0, "body 1\nbody 2\n"]);
  assert.match(stderr, /^ssm: warning: Lost connection to 127\.0\.0\.1:.*\n$/);
  assert.deepEqual(acknowledged, ["1", "2"]);
});

Deno.test("ssm printer says as an error that connection after connection ends with the same message", async () => {
  let connections = 0;
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    await content(frame, peer);
    if (frame.command !== "SUBSCRIBE") return;
    const rest = ++connections < 5 ? "content-length:1\n\nxyz\0" : "\nbody\0";
    await peer.send(messageWith(frame.headers.get("id")!, "m", rest));
  });
  await using printer = new Running(command(broker.port, ["--count=1"]));
  const { status, stdout, stderr } = await printer.end();
  assert.deepEqual([status, stdout], [0, "body\n"]);
  const errors = stderr.split("\n").filter((line) => /: error: /.test(line));
  assert.equal(errors.length, 1);
  assert.match(
    errors[0]!,
    /^ssm: error: 4 connections in a row .* of \/queue\/a, .*message-id "m"/,
  );
});

Deno.test("ssm printer prints what comes before the broker has confirmed the subscription", async () => {
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    // It never confirms it.
    if (frame.command !== "SUBSCRIBE") return await content(frame, peer);
    const id = frame.headers.get("id")!;
    await peer.send(messageWith(id, "early", "\nbody\0"));
  });
  await using printer = new Running(command(broker.port, ["--count=1"]));
  assert.deepEqual(await printer.end(), { ...DONE, stdout: "body\n" });
});

Deno.test("ssm printer goes on at once after connections over which it has printed something", async () => {
  let connections = 0;
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    await content(frame, peer);
    const { command, headers } = frame;
    if (command === "ACK") peer.close();
    if (command !== "SUBSCRIBE") return;
    const id = `${++connections}`;
    await peer.send(messageWith(headers.get("id")!, id, `\nbody ${id}\0`));
  });
  // With a pause it would give up.
  const args = ["--count=8", "--retry-for=0"];
  await using printer = new Running(command(broker.port, args));
  const { status, stdout } = await printer.end();
  const bodies = Array.from({ length: 8 }, (_, n) => `body ${n + 1}\n`);
  assert.deepEqual([status, stdout], [0, bodies.join("")]);
});
