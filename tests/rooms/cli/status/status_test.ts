import assert from "node:assert/strict";
import { DirqSimple } from "../../../../lib/spool/mod.ts";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { Receiving } from "../../../kit/programs/program_receiver.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";
import { runScript } from "../../../kit/programs/script.ts";
import { startAms } from "../../../kit/programs/running_ams.ts";
import { startBroker } from "../../../kit/programs/running_broker.ts";
import { assertSchema, readSchemas } from "../operate/json_schema.ts";
import { leaveTrace } from "../operate/outgoing_site.ts";

const test = siteTests();

async function statusOf(config: string) {
  const { status, stdout, stderr } = await ssm([
    ...["status", "-c", config, "--json"],
  ]);
  assert.equal(status, 0, stderr);
  const document = JSON.parse(stdout);
  const schemas = await readSchemas();
  assertSchema(document, schemas.get("ssm status")!);
  return document;
}

test("ssm status tells of a sender's directory, of a run that failed, and to Nagios", async (site) => {
  await site.sender(1, {
    certificates: { check_crls: "false" },
    broker: { retry_for: 0 },
  });
  const [first] = await site.drop("one\n", "two\n", "abc");
  await Deno.writeTextFile(`${site.outgoing}/stray.txt`, "plain");
  assert.ok(await new DirqSimple(site.outgoing).lock(first!));
  await leaveTrace(site);
  await runScript(new URL("sender.txtar", import.meta.url), { dir: site.dir });
});

test("ssm status tells which subscription of AMS a receiver gets messages from, as long as it can", async (site) => {
  await using ams = await startAms(site.pki);
  const config = await site.amsReceiver(ams.port);
  await using receiver = new Running(ssmCommand(["receive", "-c", config]));
  const { process } = await until(
    config,
    ({ process }) => process.connected_to !== null,
  );
  assert.equal(
    process.connected_to,
    `localhost:${ams.port}/project/subscription`,
  );
  await ams[Symbol.asyncDispose]();
  await until(config, ({ process }) => process.connected_to === null);
  assert.equal((await receiver.stop()).status, 0);
});

test("ssm status tells what a running receiver does, and that it was killed", async (site) => {
  await using receiving = await Receiving.start(site);
  const config = `${site.dir}/receiver.cfg`;
  const connected = await until(
    config,
    ({ process }) => process.connected_to !== null,
  );
  assert.equal(connected.process.running, true);
  assert.equal(connected.process.pid, receiving.receiver.pid);
  assert.equal(
    connected.process.connected_to,
    `localhost:${receiving.broker.port}`,
  );
  assert.equal(await receiving.send(site.pki.ec, "a record"), "incoming");
  assert.equal(await receiving.send(site.pki.unlisted, "another"), "reject");
  receiving.receiver.kill("SIGKILL");
  await receiving.receiver.end();
  const { process, incoming, reject, certificate } = await statusOf(config);
  assert.deepEqual(
    [process.running, process.outcome, process.connected_to],
    [false, "killed", null],
  );
  assert.equal(incoming.elements, 1);
  assert.ok(incoming.oldest_seconds < 60);
  assert.equal(reject.total, 1);
  assert.match(reject.groups[0].reason, /\S/);
  assert.equal(reject.groups[0].count, 1);
  assert.match(certificate.dn, /^\/C=UK\/O=Test\/CN=/);
  const { status, stdout } = await ssm(["status", "-c", config, "--nagios"]);
  assert.equal(status, 2);
  assert.match(
    stdout,
    /^SSM CRITICAL - no receiver runs; .*the last receiver was killed.* \| /,
  );
});

test("ssm status counts what a receiver did that was stopped", async (site) => {
  await using receiving = await Receiving.start(site);
  await receiving.send(site.pki.ec, "a record");
  await receiving.send(site.pki.unlisted, "another");
  await receiving.receiver.stop();
  const { process } = await statusOf(`${site.dir}/receiver.cfg`);
  const { outcome, received, rejected, duplicates, failed } = process;
  assert.equal(outcome, "succeeded");
  assert.deepEqual(
    [received, rejected, duplicates, failed].map(({ total, last_hour }) => [
      ...[total, last_hour],
    ]),
    [[1, 1], [1, 1], [0, 0], [0, 0]],
  );
});

test("ssm status shows the queues of the embedded broker, and what a sender sent", async (site) => {
  const file = await site.write(
    "broker.cfg",
    `[stompserver]\nport = 0\ndata = ${site.dir}/data\n`,
  );
  await using broker = await startBroker("-c", file);
  const sender = await site.sender(broker.port);
  await site.drop("one", "two");
  assert.equal((await ssm(["send", "-c", sender])).status, 0);
  const { process, outgoing } = await statusOf(sender);
  assert.deepEqual([process.outcome, process.sent.total], ["succeeded", 2]);
  assert.equal(outgoing.files, 0);
  const running = await statusOf(file);
  assert.equal(running.process.running, true);
  await broker.broker.stop();
  const { broker: state, process: last } = await statusOf(file);
  assert.equal(last.outcome, "succeeded");
  assert.deepEqual(state.queues, [
    { host: null, name: "/queue/test", depth: 2, consumers: 0 },
  ]);
  assert.deepEqual([state.queued, state.queue_count], [2, 1]);
});

test("ssm status says of a file why it was not sent, until it is gone", async (site) => {
  await using broker = await startBroker();
  const config = await site.sender(broker.port, {
    messaging: { max_message_size: "1M" },
  });
  const [small, large] = await site.drop("small", "x".repeat(2 << 20));
  await ssm(["send", "-c", config]);
  const { outgoing } = await statusOf(config);
  assert.deepEqual(outgoing.unsent.map(({ id }: { id: string }) => id), [
    large,
  ]);
  assert.match(outgoing.unsent[0].reason, /\d+ bytes/);
  assert.ok(small !== large);
  await Deno.remove(`${site.outgoing}/${large}`);
  assert.deepEqual((await statusOf(config)).outgoing.unsent, []);
});

test("ssm status exits 1 when something cannot be looked at, and tells the rest", async (site) => {
  const config = await site.sender(1, {
    certificates: { certificate: `${site.dir}/missing.pem` },
  });
  await site.drop("one");
  const { status, stdout } = await ssm(["status", "-c", config, "--json"]);
  assert.equal(status, 1);
  const { outgoing, failed } = JSON.parse(stdout);
  assert.equal(outgoing.files, 1);
  assert.deepEqual(failed, [{
    part: "certificate",
    reason: `Cannot read "${site.dir}/missing.pem"`,
  }]);
});

test("ssm status --watch looks again until it is stopped", async (site) => {
  const config = await site.sender(1);
  await using watching = new Running(
    ssmCommand(["status", "-c", config, "--watch"]),
  );
  await watching.line(/0 files, /);
  await site.drop("one");
  await watching.line(/1 file, /);
  assert.equal((await watching.stop()).status, 0);
});

/** Looks until it is as expected: the record is written a moment later. */
// deno-lint-ignore no-explicit-any -- a document of the program
async function until(config: string, is: (status: any) => boolean) {
  for (;;) {
    const status = await statusOf(config);
    if (is(status)) return status;
  }
}
