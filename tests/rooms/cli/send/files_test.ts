/**
 * `ssm send` and the ways in which programs of a site leave their files.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { AnsweringBroker, content } from "../../../kit/net/answering_broker.ts";
import { type Site, siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

/** The owner of files that are not ours. */
const OTHER = 54_321;

/** A broker that confirms everything, and the texts it was sent. */
async function confirming(
  onSend: (name: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<{ broker: AnsweringBroker; texts: string[] }> {
  const texts: string[] = [];
  const broker = await AnsweringBroker.start(async (frame, peer) => {
    if (frame.command === "SEND") {
      texts.push(new TextDecoder().decode(frame.body));
      await onSend(frame.headers.get("empa-id")!);
    }
    await content(frame, peer);
  });
  return { broker, texts };
}

async function makeOld(path: string): Promise<void> {
  const then = new Date(Date.now() - 3_600_000);
  await Deno.utime(path, then, then);
}

/** Runs the program as a user without the rights of root. */
async function ssmWithoutRights(args: readonly string[]) {
  const without = ["--bounding-set=-all", "--inh-caps=-all"];
  await using running = new Running([
    "setpriv",
    ...without,
    ...ssmCommand(args),
  ]);
  return await running.end();
}

async function logIncludes(site: Site, ...lines: string[]): Promise<void> {
  const log = await site.log();
  for (const line of lines) {
    assert.ok(log.includes(line), `${line}\n\n${log.join("\n")}`);
  }
}

test("ssm send leaves a dirq element that is written in place until it is whole, and sends it once", async (site) => {
  const { broker, texts } = await confirming();
  await using _ = broker;
  const path = `${site.outgoing}/20261127/20261127101112`;
  await Deno.mkdir(`${site.outgoing}/20261127`);
  const [honest] = await site.drop("honest");
  const config = await site.sender(broker.port, {
    messaging: { min_file_age: 600 },
  });
  {
    using writer = await Deno.open(path, { write: true, createNew: true });
    const records = ["record 1\n", "record 2\n"];
    for (const record of records) {
      await writer.write(new TextEncoder().encode(record));
      assert.equal((await ssm(["send", "-c", config])).status, 0);
    }
  }
  await logIncludes(
    site,
    "ssm.ssm2 - INFO - Messages that may still be written to, and wait: 1",
    `ssm.ssm2 - INFO - Sent ${honest}`,
  );
  assert.equal(texts.length, 1);
  await makeOld(path);
  assert.equal((await ssm(["send", "-c", config])).status, 0);
  assert.equal(texts.length, 2);
  assert.match(texts[1]!, /record 1\nrecord 2\b/);
  assert.deepEqual(await site.waiting(), []);
});

for (const path_type of ["dirq", "directory"]) {
  test(`ssm send does not remove from a ${path_type} what is written to before the broker confirms it`, async (site) => {
    const name = path_type === "dirq" ? "20261127/20261127101112" : "usage";
    const path = `${site.outgoing}/${name}`;
    await Deno.mkdir(`${site.outgoing}/20261127`);
    const writer = await Deno.open(path, { write: true, createNew: true });
    const write = (text: string) =>
      writer.write(new TextEncoder().encode(text));
    await write("record 1\n");
    await makeOld(path);
    const { broker, texts } = await confirming(async () => {
      if (texts.length === 1) await write("record 2\n");
    });
    await using _ = broker;
    const config = await site.sender(broker.port, { messaging: { path_type } });
    assert.equal((await ssm(["send", "-c", config])).status, 1);
    writer.close();
    await logIncludes(
      site,
      `ssm.ssm2 - ERROR - Message ${name} was sent but cannot be removed, so it will be sent again: ` +
        `Cannot remove "${path}": it is being written to`,
    );
    assert.equal(await Deno.readTextFile(path), "record 1\nrecord 2\n");
    await makeOld(path);
    assert.equal((await ssm(["send", "-c", config])).status, 0);
    assert.equal(texts.length, 2);
    assert.match(texts[1]!, /record 1\nrecord 2\b/);
    await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
  });
}

test(
  "ssm send sends what is in other directories when it cannot look into one, and fails",
  async (site) => {
    const { broker, texts } = await confirming();
    await using _ = broker;
    await site.drop("one", "two");
    const locked = `${site.outgoing}/20261127`;
    await Deno.mkdir(locked, { mode: 0o700 });
    await Deno.writeTextFile(`${locked}/20261127101112`, "three");
    await Deno.chown(locked, OTHER, OTHER);
    const config = await site.sender(broker.port);
    const { status, stderr } = await ssmWithoutRights(["send", "-c", config]);
    assert.equal(status, 1, stderr);
    assert.match(stderr, /1 of 3 messages were not sent/);
    assert.equal(texts.length, 2);
    await logIncludes(
      site,
      `ssm.ssm2 - ERROR - Messages stay in outgoing: Cannot list "${locked}": permission denied`,
      "ssm.ssm2 - ERROR - Hint: the user that runs ssm must be able to read the files, and to write into their directories",
    );
  },
  "protected-hardlinks",
);

test(
  "ssm send says once what to do about elements of another user",
  async (site) => {
    const { broker, texts } = await confirming();
    await using _ = broker;
    const names = await site.drop("one", "two", "ours");
    for (const name of names.slice(0, 2)) {
      await Deno.chown(`${site.outgoing}/${name}`, OTHER, OTHER);
    }
    const config = await site.sender(broker.port);
    const { status } = await ssmWithoutRights(["send", "-c", config]);
    assert.equal(status, 1);
    assert.equal(texts.length, 1);
    const hints = (await site.log()).filter((line) =>
      line.includes("Hint: only")
    );
    assert.deepEqual(hints, [
      "ssm.ssm2 - ERROR - Hint: only the owner of a file can send it from a dirq: let the producer write its files as the user that runs ssm",
    ]);
    assert.deepEqual(await site.waiting(), names.slice(0, 2));
  },
  "protected-hardlinks",
);

test(
  "ssm send gives a file of another user back when there is no broker",
  async (site) => {
    const path = `${site.outgoing}/usage`;
    await Deno.writeTextFile(path, "monday", { mode: 0o644 });
    await Deno.chown(path, OTHER, OTHER);
    await makeOld(path);
    // It is claimed, and the broker hangs up before it confirms.
    await using broker = await AnsweringBroker.start(async (frame, peer) => {
      if (frame.command === "SEND") peer.close();
      else await content(frame, peer);
    });
    const config = await site.sender(broker.port, {
      broker: { retry_for: 0 },
      messaging: { path_type: "directory" },
    });
    assert.equal((await ssmWithoutRights(["send", "-c", config])).status, 1);
    const left = Array.from(Deno.readDirSync(site.outgoing))
      .filter(({ isFile }) => isFile).map(({ name }) => name);
    assert.deepEqual(left, ["usage"]);
  },
  "protected-hardlinks",
);
