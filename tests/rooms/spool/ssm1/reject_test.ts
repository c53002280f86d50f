import assert from "node:assert/strict";
import { Ssm1Reject } from "../../../../lib/spool/mod.ts";
import { deliver, fieldsOf, incomingSuite } from "../incoming_suite.ts";
import { intercepted } from "../../../kit/disk/intercepted.ts";
import { bodiesIn, hiddenIn, visibleIn } from "./ssm1_site.ts";

incomingSuite({
  name: "Ssm1Reject",
  directory: "reject",
  open: (root, options) => Ssm1Reject.open(root, options),
  bodies: (root) => bodiesIn(`${root}/reject`).map((name) => `reject/${name}`),
  hidden: (root) => hiddenIn(`${root}/reject`).map((name) => `reject/${name}`),
  remembers: false,
});

Deno.test("Ssm1Reject keeps the message, the reason and the signer", async () => {
  await using site = await makeSite();
  const spool = await Ssm1Reject.open(site.path);
  const id = await deliver(spool, "k");
  assert.deepEqual(visibleIn(site.reject), [id, `${id}.err`, `${id}.sig`]);
  assert.equal(await read(`${site.reject}/${id}`), "body of k");
  assert.equal(await read(`${site.reject}/${id}.err`), "No reason\n");
  assert.equal(await read(`${site.reject}/${id}.sig`), "/C=UK/CN=x\n");
});

Deno.test("Ssm1Reject writes no signer when none is known", async () => {
  await using site = await makeSite();
  const spool = await Ssm1Reject.open(site.path);
  const fields = { ...fieldsOf("k"), signer: "Not available." };
  const id = await (await spool.prepare({ key: "k", fields }))!.commit();
  assert.deepEqual(visibleIn(site.reject), [id, `${id}.err`]);
});

Deno.test("Ssm1Reject shows the reason before the body", async () => {
  await using site = await makeSite();
  const spool = await Ssm1Reject.open(site.path);
  const prepared = await spool.prepare({ key: "k", fields: fieldsOf("k") });
  const shown: string[] = [];
  using _ = intercepted(Deno, "renameSync", (rename) => (from, to) => {
    rename(from, to);
    shown.push(String(to).replace(/^.*\/\d{8}-\d{6}-\d{3}/, ""));
  });
  await prepared!.commit();
  assert.deepEqual(shown, [".err", ".sig", ""]);
});

Deno.test("Ssm1Reject takes another name when its name becomes visible while it is taken", async () => {
  await using site = await makeSite();
  const spool = await Ssm1Reject.open(site.path);
  let taken: string | undefined;
  using _ = intercepted(Deno, "openSync", (open) => (file, options) => {
    const [, id] = /\/\.tmp-([\d-]+)$/.exec(String(file)) ?? [];
    if (taken === undefined && id !== undefined) {
      taken = id;
      Deno.writeTextFileSync(`${site.reject}/${id}`, "of another");
    }
    return open(file, options);
  });
  const id = await deliver(spool, "k");
  assert.ok(taken !== undefined && id !== taken);
  assert.equal(await read(`${site.reject}/${taken}`), "of another");
  assert.equal(await read(`${site.reject}/${id}`), "body of k");
});

Deno.test("Ssm1Reject remembers a bounded number of messages, the last ones", async () => {
  await using site = await makeSite();
  const spool = await Ssm1Reject.open(site.path, { remembered: 3 });
  for (const key of ["a", "b", "c", "d"]) await deliver(spool, key);
  assert.equal(
    await spool.prepare({ key: "b", fields: fieldsOf("b") }),
    undefined,
  );
  assert.equal(
    await spool.prepare({ key: "d", fields: fieldsOf("d") }),
    undefined,
  );
  assert.ok(await deliver(spool, "a"));
});

/** What a sender tries to transmit, and is refused for this reason. */
async function refuse(
  path: string,
  changes: { body?: string; error?: string; origin?: string } = {},
): Promise<string> {
  const { body = "sealed once", error = "No reason", origin = "file" } =
    changes;
  // Another process each time: after a restart, too.
  const spool = await Ssm1Reject.open(path);
  const prepared = await spool.prepare({
    key: crypto.randomUUID(),
    origin,
    fields: { body, error, signer: "Not available." },
  });
  return (await prepared!.commit())!;
}

Deno.test("Ssm1Reject keeps one entry of what is sent again and again, and counts", async () => {
  await using site = await makeSite();
  const id = await refuse(site.path);
  for (let n = 2; n < 6; n++) {
    assert.equal(await refuse(site.path, { body: `sealed ${n}` }), id);
  }
  const other = await refuse(site.path, { origin: "another file" });
  assert.deepEqual(
    visibleIn(site.reject),
    [id, `${id}.count`, `${id}.err`, other, `${other}.count`, `${other}.err`],
  );
  assert.equal(await read(`${site.reject}/${id}`), "sealed once");
  const { count, last } = JSON.parse(await read(`${site.reject}/${id}.count`));
  assert.equal(count, 5);
  assert.ok(Date.parse(last) <= Date.now());
  assert.deepEqual(hiddenIn(site.reject), []);
});

Deno.test("Ssm1Reject puts what is refused for another reason into the place of what came before", async () => {
  await using site = await makeSite();
  await refuse(site.path);
  await refuse(site.path);
  const id = await refuse(site.path, { error: "Another", body: "anew" });
  assert.deepEqual(visibleIn(site.reject), [id, `${id}.count`, `${id}.err`]);
  assert.equal(await read(`${site.reject}/${id}`), "anew");
  assert.equal(await read(`${site.reject}/${id}.err`), "Another\n");
  assert.match(await read(`${site.reject}/${id}.count`), /"count":3/);
});

Deno.test("Ssm1Reject counts tries that come at the same time, and ends a replacement that was killed", async () => {
  await using site = await makeSite();
  const spool = await Ssm1Reject.open(site.path);
  const prepared = await Promise.all(
    ["a", "b", "c"].map((key) =>
      spool.prepare({ key, origin: "file", fields: fieldsOf("k") })
    ),
  );
  const [id, ...others] = await Promise.all(
    prepared.map((one) => one!.commit()),
  );
  assert.deepEqual(others, [id, id]);
  assert.match(await read(`${site.reject}/${id}.count`), /"count":3/);
  assert.deepEqual(hiddenIn(site.reject), []);
  const later = "20991231-235959-000";
  for (const ending of ["", ".err", ".count"]) {
    await Deno.copyFile(
      `${site.reject}/${id}${ending}`,
      `${site.reject}/${later}${ending}`,
    );
  }
  await Ssm1Reject.open(site.path);
  assert.deepEqual(
    visibleIn(site.reject),
    [later, `${later}.count`, `${later}.err`],
  );
});

Deno.test("Ssm1Reject.supersede() removes what came of earlier tries, and nothing else", async () => {
  await using site = await makeSite();
  await refuse(site.path);
  const id = await refuse(site.path, { origin: "another file" });
  const spool = await Ssm1Reject.open(site.path);
  await spool.supersede("file");
  await spool.supersede("file");
  await spool.supersede("never seen");
  assert.deepEqual(visibleIn(site.reject), [id, `${id}.count`, `${id}.err`]);
});

Deno.test("Ssm1Reject does not mind a count that others have spoilt", async () => {
  await using site = await makeSite();
  const id = await refuse(site.path);
  await Deno.writeTextFile(`${site.reject}/${id}.count`, "{");
  assert.notEqual(await refuse(site.path), id);
});

Deno.test("Ssm1Reject.tidy() removes what a crash left between the renames, and nothing visible", async () => {
  await using site = await makeSite();
  const spool = await Ssm1Reject.open(site.path);
  const id = await deliver(spool, "kept");
  await spool.prepare({ key: "k", fields: fieldsOf("k") });
  const half = hiddenIn(site.reject)[0]!.slice(".tmp-".length);
  await Deno.rename(
    `${site.reject}/.tmp-${half}.err`,
    `${site.reject}/${half}.err`,
  );
  for (const name of hiddenIn(site.reject)) {
    await Deno.utime(`${site.reject}/${name}`, 1, 1);
  }
  await spool.tidy();
  assert.deepEqual(visibleIn(site.reject), [id, `${id}.err`, `${id}.sig`]);
  assert.deepEqual(hiddenIn(site.reject), []);
});

Deno.test("Ssm1Reject.prepare() refuses what is no rejected message", async () => {
  await using site = await makeSite();
  const spool = await Ssm1Reject.open(site.path);
  const refused: Record<string, string>[] = [{ error: "x" }, { body: "x" }];
  for (const fields of refused) {
    await assert.rejects(() => spool.prepare({ key: "k", fields }), RangeError);
  }
});

async function makeSite() {
  const path = await Deno.makeTempDir();
  return {
    path,
    reject: `${path}/reject`,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(path);
}
