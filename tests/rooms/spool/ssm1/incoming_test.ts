import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  Ssm1Incoming,
  type Ssm1IncomingOptions,
} from "../../../../lib/spool/mod.ts";
import { incomingSuite } from "../incoming_suite.ts";
import { isSpoolError } from "../outgoing_suite.ts";
import { bodiesIn, hiddenIn, visibleIn } from "./ssm1_site.ts";

const SIGNER = "/C=UK/O=eScience/CN=x";
const DAY_MS = 24 * 3_600_000;

incomingSuite({
  name: "Ssm1Incoming",
  directory: "incoming",
  open: (root, options) => Ssm1Incoming.open(root, options),
  bodies: (root) =>
    bodiesIn(`${root}/incoming`).map((name) => `incoming/${name}`),
  hidden: (root) =>
    ["incoming", "ack"].flatMap((directory) =>
      hiddenIn(`${root}/${directory}`).map((name) => `${directory}/${name}`)
    ),
  remembers: true,
});

Deno.test("Ssm1Incoming stores the body, the signer, and what was received, as the original does", async () => {
  await using site = await makeSite();
  const spool = await site.open();
  const before = new Date(Math.floor(Date.now() / 1000) * 1000);
  const id = (await deliver(spool, "dup"))!;
  const after = new Date();
  assert.match(id, /^\d{8}-\d{6}-\d{3}$/);
  const [, ...parts] = /^(....)(..)(..)-(..)(..)(..)/.exec(id)!;
  const [y, mo, d, h, mi, s] = parts.map(Number);
  const local = new Date(y!, mo! - 1, d, h, mi, s);
  assert.ok(before <= local && local <= after);
  assert.deepEqual(visibleIn(site.incoming), [id, `${id}.sig`]);
  assert.equal(await text(`${site.incoming}/${id}`), "dup");
  assert.equal(await text(`${site.incoming}/${id}.sig`), `${SIGNER}\n`);
  const entry = "0e9f1e8e40bb79e800b0cc9433830cf4"; // MD5 of "dup"
  assert.deepEqual(visibleIn(site.acks), [entry]);
  assert.equal(
    await text(`${site.acks}/${entry}`),
    `${site.path}/incoming/${id}\t${SIGNER}\n`,
  );
});

Deno.test("Ssm1Incoming.open() makes the directories of the original, and accept for a test", async () => {
  await using site = await makeSite();
  await site.open({ directoryMode: 0o2770 });
  const names = ["ack", "incoming", "outgoing", "reject"];
  assert.deepEqual(visibleIn(site.path), names);
  for (const name of names) {
    const { mode } = await Deno.stat(`${site.path}/${name}`);
    assert.equal(mode! & 0o7777, 0o2770, name);
  }
  await site.open({ test: true });
  assert.deepEqual(visibleIn(site.path), ["accept", ...names]);
});

Deno.test("Ssm1Incoming gives the files their modes", async () => {
  await using site = await makeSite();
  const id = await deliver(await site.open({ fileMode: 0o664 }), "x");
  const { incoming } = site;
  for (
    const path of [
      `${incoming}/${id}`,
      `${incoming}/${id}.sig`,
      site.entry("x"),
    ]
  ) {
    assert.equal((await Deno.stat(path)).mode! & 0o7777, 0o664, path);
  }
});

Deno.test("Ssm1Incoming goes by the content and the signer, not by the key", async () => {
  await using site = await makeSite();
  const spool = await site.open();
  const fields = { body: "same", signer: SIGNER };
  await (await spool.prepare({ key: "one", fields }))!.commit();
  assert.equal(await spool.prepare({ key: "two", fields }), undefined);
  const other = { body: "other", signer: SIGNER };
  assert.ok(await spool.prepare({ key: "one", fields: other }));
});

Deno.test("Ssm1Incoming never asks for the key, and hashes the same bytes once", async () => {
  await using site = await makeSite();
  const spool = await site.open();
  const body = new TextEncoder().encode("content");
  const digest = spool.digestOf(body);
  const message = {
    get key(): string {
      throw new Error("The key is a digest of the whole content");
    },
    fields: { body, signer: SIGNER },
    signing: { statement: "s", variant: undefined },
  };
  assert.equal(await spool.doubt(message), undefined);
  // Whoever hashed it again would notice.
  body[0] = 0;
  await (await spool.prepare(message))!.commit();
  assert.equal(spool.digestOf(body), digest);
  assert.equal(await spool.forget(digest), true);
});

Deno.test("Ssm1Incoming delivers the same content of another signer, and then knows that one", async () => {
  await using site = await makeSite();
  const spool = await site.open();
  const first = await deliver(spool, "same");
  const second = await deliver(spool, "same", "/CN=other");
  assert.ok(second);
  assert.equal(
    await text(site.entry("same")),
    `${site.incoming}/${second}\t/CN=other\n`,
  );
  assert.equal(await deliver(spool, "same", "/CN=other"), undefined);
  assert.deepEqual(bodiesIn(site.incoming), [first, second].sort());
  assert.deepEqual(site.hidden(), []);
});

for (
  const [what, entry] of [
    ["is empty", ""],
    ["was cut off in the path", "/var/opt/apel/mess"],
    ["was cut off in the signer", `/messages/incoming/x\t${SIGNER}`],
    ["has no signer", "/messages/incoming/x\t\n"],
    ["has no path", `\t${SIGNER}\n`],
    ["goes on", `/messages/incoming/x\t${SIGNER}\nmore\n`],
    ["is not UTF-8", new Uint8Array([0xff, 0x09, 0xfe, 0x0a])],
  ] as const
) {
  Deno.test(`Ssm1Incoming takes an entry that ${what} for none`, async () => {
    await using site = await makeSite();
    const spool = await site.open();
    await Deno.writeFile(site.entry("x"), bytesOf(entry));
    const id = await deliver(spool, "x");
    assert.equal(
      await text(site.entry("x")),
      `${site.incoming}/${id}\t${SIGNER}\n`,
    );
    assert.equal(await deliver(spool, "x"), undefined);
  });
}

Deno.test("Ssm1Incoming.forget() lets the same content be a new message", async () => {
  await using site = await makeSite();
  const spool = await site.open();
  assert.ok(await deliver(spool, "x"));
  assert.equal(await spool.forget(md5Of("x")), true);
  assert.equal(await spool.forget(md5Of("x")), false);
  assert.ok(await deliver(spool, "x"));
  assert.equal(bodiesIn(site.incoming).length, 2);
});

for (
  const name of [
    "",
    "REJECTED",
    "../outgoing/precious",
    "..",
    ".ssm-lock",
    "d41d8cd98f00b204e9800998ecf8427",
    "d41d8cd98f00b204e9800998ecf8427ee",
    "D41D8CD98F00B204E9800998ECF8427E",
    "d41d8cd98f00b204e9800998ecf8427e\n",
    "d41d8cd98f00b204e9800998ecf8427e/../x",
    "d41d8cd98f00b204e9800998ecf8427\0",
  ]
) {
  Deno.test(`Ssm1Incoming.forget() knows nothing of ${JSON.stringify(name)}`, async () => {
    await using site = await makeSite();
    const spool = await site.open();
    await Deno.writeTextFile(`${site.path}/outgoing/precious`, "");
    await deliver(spool, "x");
    const before = Array.from(Deno.readDirSync(site.acks), ({ name }) => name);
    assert.equal(await spool.forget(name), false);
    const after = Array.from(Deno.readDirSync(site.acks), ({ name }) => name);
    assert.deepEqual(after, before);
    assert.deepEqual(visibleIn(`${site.path}/outgoing`), ["precious"]);
  });
}

Deno.test("Ssm1Incoming never takes a name that is there, nor one of which half is there", async () => {
  await using site = await makeSite();
  const spool = await site.open();
  const taken = new Set<string>();
  // Whatever second the delivery falls into.
  const now = Math.floor(Date.now() / 1000) * 1000;
  for (let second = 0; second < 30; second++) {
    const prefix = nameOf(new Date(now + second * 1000));
    for (const ending of ["-000", "-001.sig"]) {
      taken.add(prefix + ending);
      await Deno.writeTextFile(`${site.incoming}/${prefix}${ending}`, "old");
    }
    await Deno.writeTextFile(`${site.acks}/.tmp-${prefix}-002`, "other's");
  }
  const id = await deliver(spool, "x");
  assert.match(id!, /-003$/);
  for (const name of taken) {
    assert.equal(await text(`${site.incoming}/${name}`), "old");
  }
});

Deno.test("Ssm1Incoming replaces no file that took the name of a prepared message", async () => {
  await using site = await makeSite();
  const spool = await site.open();
  const prepared = await spool.prepare({
    key: "k",
    fields: { body: "x", signer: SIGNER },
  });
  const id = hiddenIn(site.acks)[0]!.slice(".tmp-".length);
  await Deno.writeTextFile(`${site.incoming}/${id}`, "stranger");
  await assert.rejects(() => prepared!.commit(), {
    code: "SPOOL",
    message:
      `Cannot deliver into "${site.incoming}": another file has the name "${id}"`,
  });
  const second = await deliver(spool, "x");
  assert.equal(await text(`${site.incoming}/${id}`), "stranger");
  assert.equal(await text(`${site.incoming}/${second}`), "x");
  assert.deepEqual(site.hidden(), []);
});

Deno.test("Ssm1Incoming.tidy() removes old entries, the original's too, and no others", async () => {
  await using site = await makeSite();
  const spool = await site.open({ ackKeepMs: 10 * DAY_MS });
  await deliver(spool, "young");
  await deliver(spool, "old");
  const original = `${"0123456789abcdef".repeat(2)}`;
  await Deno.writeTextFile(`${site.acks}/${original}`, "/x\t/CN=x\n");
  await Deno.writeTextFile(`${site.acks}/notes`, "of the administrator");
  for (const name of [md5Of("old"), original, "notes"]) {
    await age(`${site.acks}/${name}`, 10 * DAY_MS + 1000);
  }
  await age(site.entry("young"), 10 * DAY_MS - 60_000);
  await spool.tidy();
  assert.deepEqual(visibleIn(site.acks), [md5Of("young"), "notes"].sort());
  assert.ok(await deliver(spool, "old"));
});

Deno.test("Ssm1Incoming.prepare() removes old entries once in a while", async () => {
  await using site = await makeSite();
  const spool = await site.open();
  await Deno.writeTextFile(site.entry("old"), "/x\t/CN=x\n");
  await age(site.entry("old"), 90 * DAY_MS + 1000);
  await deliver(spool, "x");
  assert.deepEqual(visibleIn(site.acks), [md5Of("x")]);
  await Deno.writeTextFile(site.entry("old"), "/x\t/CN=x\n");
  await age(site.entry("old"), 90 * DAY_MS + 1000);
  await deliver(spool, "y");
  assert.equal(visibleIn(site.acks).length, 3, "not again within the hour");
});

Deno.test("Ssm1Incoming says so when the entries cannot be written, and delivers once when they can", async () => {
  await using site = await makeSite();
  const spool = await site.open();
  const prepared = await spool.prepare({
    key: "k",
    fields: { body: "x", signer: SIGNER },
  });
  await Deno.rename(site.acks, `${site.acks}.away`);
  await assert.rejects(() => prepared!.commit(), isSpoolError);
  await assert.rejects(() => spool.forget(md5Of("x")).then(throwIfFalse));
  await assert.rejects(() => deliver(spool, "x"), isSpoolError);
  await Deno.rename(`${site.acks}.away`, site.acks);
  assert.ok(await deliver(spool, "x"));
  assert.equal(bodiesIn(site.incoming).length, 1);
});

Deno.test("Ssm1Incoming says so when a directory has the name of an entry", async () => {
  await using site = await makeSite();
  const spool = await site.open();
  await Deno.mkdir(site.entry("x"));
  await assert.rejects(() => deliver(spool, "x"), isSpoolError);
  await assert.rejects(() => spool.forget(md5Of("x")), isSpoolError);
});

Deno.test("Ssm1Incoming.prepare() refuses what is no message", async () => {
  await using site = await makeSite();
  const spool = await site.open();
  const refused: Record<string, string>[] = [
    { signer: SIGNER },
    { body: "x" },
    { body: "x", signer: "" },
    { body: "x", signer: "/CN=x\n/CN=y" },
    { body: "x", signer: "/CN=x\t/CN=y" },
  ];
  for (const fields of refused) {
    await assert.rejects(() => spool.prepare({ key: "k", fields }), RangeError);
  }
});

function throwIfFalse(known: boolean): void {
  assert.ok(known);
}

async function deliver(
  spool: Ssm1Incoming,
  body: string,
  signer = SIGNER,
): Promise<string | undefined> {
  return await (await spool.prepare({ key: "any", fields: { body, signer } }))
    ?.commit();
}

async function makeSite() {
  const path = await Deno.makeTempDir();
  const incoming = `${path}/incoming`;
  const acks = `${path}/ack`;
  return {
    path,
    incoming,
    acks,
    open: (options?: Ssm1IncomingOptions) => Ssm1Incoming.open(path, options),
    entry: (body: string) => `${acks}/${md5Of(body)}`,
    hidden: () => [...hiddenIn(incoming), ...hiddenIn(acks)],
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

function md5Of(body: string): string {
  return createHash("md5").update(body).digest("hex");
}

/** Local time as in names. */
function nameOf(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${time.getFullYear()}${two(time.getMonth() + 1)}${
    two(time.getDate())
  }-${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new TextEncoder().encode(text) : text;
}

async function text(path: string): Promise<string> {
  return await Deno.readTextFile(path);
}

async function age(path: string, ms: number): Promise<void> {
  const then = new Date(Date.now() - ms);
  await Deno.utime(path, then, then);
}
