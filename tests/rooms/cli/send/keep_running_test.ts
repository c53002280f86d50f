import assert from "node:assert/strict";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import { freePort } from "../../../kit/net/free_port.ts";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { AnsweringBroker, content } from "../../../kit/net/answering_broker.ts";
import { type Site, siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

/** Starts a sender that stays, with its log on standard output. */
async function start(
  site: Site,
  port: number,
  messaging: Record<string, string | number> = {},
  args: readonly string[] = ["--keep-running"],
): Promise<Running> {
  const config = await site.sender(port, {
    messaging,
    logging: { console: "true" },
  });
  return new Running(ssmCommand(["send", "-c", config, ...args]));
}

const STOPPED = { status: 0, stderr: "" };

async function stopped(sender: Running) {
  const { status, stderr } = await sender.stop();
  return { status, stderr };
}

test("ssm send --keep-running sends what waits and what comes, over one connection, until it is stopped", async (site) => {
  let connections = 0;
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    if (frame.command === "CONNECT") connections++;
    await content(frame, peer);
  });
  const [first] = await site.drop("waits");
  await using sender = await start(site, broker.port);
  await sender.line(new RegExp(`Sent ${first}`));
  for (const text of ["one", "two"]) {
    const [name] = await site.drop(text);
    await sender.line(new RegExp(`Sent ${name}`));
  }
  assert.deepEqual(await stopped(sender), STOPPED);
  assert.equal(connections, 1);
  assert.deepEqual(await site.waiting(), []);
  const log = await site.log();
  assert.ok(
    log.includes("ssmsend - INFO - Received the shutdown signal: SIGTERM"),
  );
});

test("ssm send --keep-running sends files of a directory as they come, also in place", async (site) => {
  await using broker = await TestBroker.start();
  await using sender = await start(site, broker.port, {
    path_type: "directory",
  });
  await sender.line(/Sending what comes into /);
  for (const name of ["one", "two"]) {
    await site.write(`outgoing/${name}`, name);
    await sender.line(new RegExp(`Sent ${name}$`));
  }
  assert.deepEqual(await stopped(sender), STOPPED);
  // Of what is there, files are messages.
  const left = Array.from(Deno.readDirSync(site.outgoing))
    .filter(({ isFile }) => isFile);
  assert.deepEqual(left, []);
});

test("ssm send keeps running where the file says so, and waits for its directory", async (site) => {
  await using broker = await TestBroker.start();
  await Deno.remove(site.outgoing);
  const config = await site.sender(broker.port, {
    sender: { keep_running: "true" },
    logging: { console: "true" },
  });
  await using sender = new Running(ssmCommand(["--config", config]));
  await sender.line(/Error processing outgoing messages: Cannot list /);
  await Deno.mkdir(site.outgoing);
  const [name] = await site.drop("late");
  await sender.line(new RegExp(`Sent ${name}`));
  assert.deepEqual(await stopped(sender), STOPPED);
});

test("ssm send --keep-running waits for a broker longer than retry_for", async (site) => {
  const port = freePort();
  const [name] = await site.drop("patient");
  const config = await site.sender(port, {
    broker: { retry_for: 0 },
    logging: { console: "true" },
  });
  await using sender = new Running(
    ssmCommand(["send", "-k", "-c", config]),
  );
  await sender.line(/Error processing outgoing messages: /);
  await using _broker = await AnsweringBroker.start(content, { port });
  await sender.line(new RegExp(`Sent ${name}`));
  assert.deepEqual(await stopped(sender), STOPPED);
});

test("ssm send --keep-running gives back on SIGTERM what was not confirmed", async (site) => {
  const asked = Promise.withResolvers<void>();
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    if (frame.command === "SEND") asked.resolve();
    else await content(frame, peer);
  });
  const names = await site.drop("one", "two");
  const config = await site.sender(broker.port, {
    broker: { receipt_timeout: 1 },
  });
  await using sender = new Running(ssmCommand(["send", "-k", "-c", config]));
  await asked.promise;
  assert.deepEqual(await stopped(sender), STOPPED);
  for (const name of names) {
    await assert.rejects(Deno.lstat(`${site.outgoing}/${name}.lck`));
  }
  assert.deepEqual(await site.waiting(), names);
});

test("ssm send without --keep-running quits", async (site) => {
  const config = await site.sender(freePort());
  assert.equal((await ssm(["send", "-c", config])).status, 0);
});
