import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Ssm1Incoming } from "../../../../lib/spool/mod.ts";
import { deliver, fieldsOf } from "../incoming_suite.ts";
import { intercepted } from "../../../kit/disk/intercepted.ts";
import { isSpoolError } from "../outgoing_suite.ts";
import { bodiesIn, hiddenIn, visibleIn } from "./ssm1_site.ts";

Deno.test("Ssm1Incoming shows messages in the order of the commits, whoever gets the lock first", async () => {
  await using site = await makeSite();
  const { spool } = site;
  const [late, a, again, b] = await Promise.all(
    ["late", "a", "a", "b"].map((key) =>
      spool.prepare({ key, fields: fieldsOf(key) })
    ),
  );
  const linked = Promise.withResolvers<void>();
  const shown: string[] = [];
  let links = 0;
  let locks = 0;
  using _link = intercepted(Deno, "linkSync", (link) => (from, to) => {
    link(from, to);
    if (++links === 2) linked.resolve();
  });
  using _lock = intercepted(
    Deno.FsFile.prototype,
    "lock",
    (lock) =>
      async function (this: Deno.FsFile, exclusive?: boolean) {
        if (++locks === 1) await linked.promise;
        await lock.call(this, exclusive);
      },
  );
  using _rename = intercepted(Deno, "renameSync", (rename) => (from, to) => {
    rename(from, to);
    if (!String(to).endsWith(".sig")) shown.push(Deno.readTextFileSync(to));
  });
  const names = await Promise.all(
    [late, a, again, b].map((prepared) => prepared!.commit()),
  );
  assert.deepEqual(shown, ["body of late", "body of a", "body of b"]);
  assert.equal(names[2], undefined);
  assert.equal(new Set(names).size, 4);
});

Deno.test("Ssm1Incoming enters nothing while another process holds the lock", async () => {
  await using site = await makeSite();
  const { spool, path } = site;
  const prepared = await spool.prepare({ key: "k", fields: fieldsOf("k") });
  let committed: Promise<string | undefined>;
  {
    using file = await Deno.open(`${path}/ack/.ssm-lock`, {
      write: true,
      create: true,
    });
    await file.lock(true);
    committed = prepared!.commit();
    await spool.prepare({ key: "l", fields: fieldsOf("l") });
    assert.deepEqual(visibleIn(`${path}/ack`), []);
  }
  assert.ok(await committed);
  assert.equal(visibleIn(`${path}/ack`).length, 1);
});

Deno.test("Ssm1Incoming takes another name when its name becomes visible while it is taken", async () => {
  await using site = await makeSite();
  const { spool, path } = site;
  let taken: string | undefined;
  using _ = intercepted(Deno, "openSync", (open) => (file, options) => {
    const [, id] = /\/ack\/\.tmp-([\d-]+)$/.exec(String(file)) ?? [];
    if (taken === undefined && id !== undefined) {
      taken = id;
      Deno.writeTextFileSync(`${path}/incoming/${id}.sig`, "of another");
    }
    return open(file, options);
  });
  const id = await deliver(spool, "k");
  assert.ok(taken !== undefined && id !== taken);
  assert.equal(
    await Deno.readTextFile(`${path}/incoming/${taken}.sig`),
    "of another",
  );
  assert.deepEqual(bodiesIn(`${path}/incoming`), [id]);
});

Deno.test("Ssm1Incoming waits until a stranger's file of its name is gone", async () => {
  await using site = await makeSite();
  const { spool, path } = site;
  const incoming = `${path}/incoming`;
  let id = "";
  {
    using _ = intercepted(Deno, "linkSync", (link) => (from, to) => {
      link(from, to);
      id = String(from).slice(`${path}/ack/.tmp-`.length);
      Deno.writeTextFileSync(`${incoming}/${id}`, "stranger");
    });
    await assert.rejects(
      () => deliver(spool, "k"),
      (error: unknown) =>
        isSpoolError(error) &&
        error.message ===
          `Cannot deliver into "${incoming}": another file has the name "${id}"`,
    );
  }
  await assert.rejects(() => deliver(spool, "k"), isSpoolError);
  assert.equal(await Deno.readTextFile(`${incoming}/${id}`), "stranger");
  await Deno.remove(`${incoming}/${id}`);
  assert.equal(await deliver(spool, "k"), undefined);
  assert.equal(await Deno.readTextFile(`${incoming}/${id}`), "body of k");
  assert.deepEqual(visibleIn(incoming), [id, `${id}.sig`]);
  await spool.tidy();
  assert.deepEqual(hiddenIn(`${path}/ack`), []);
});

Deno.test("Ssm1Incoming.tidy() leaves alone what is entered while it looks", async () => {
  await using site = await makeSite();
  const { spool, path } = site;
  await spool.prepare({ key: "k", fields: fieldsOf("k") });
  const [ticket] = hiddenIn(`${path}/ack`);
  const [body] = hiddenIn(`${path}/incoming`);
  const then = new Date(Date.now() - 301_000);
  for (const directory of ["incoming", "ack"]) {
    for (const name of hiddenIn(`${path}/${directory}`)) {
      await Deno.utime(`${path}/${directory}/${name}`, then, then);
    }
  }
  {
    using _ = intercepted(
      Deno.FsFile.prototype,
      "lock",
      (lock) =>
        async function (this: Deno.FsFile, exclusive?: boolean) {
          const entry = `${path}/ack/${body!.split(".").at(-1)}`;
          Deno.linkSync(`${path}/ack/${ticket}`, entry);
          await lock.call(this, exclusive);
        },
    );
    await (await Ssm1Incoming.open(path)).tidy();
  }
  await spool.tidy();
  assert.equal(bodiesIn(`${path}/incoming`).length, 1);
  assert.deepEqual(hiddenIn(`${path}/ack`), []);
});

Deno.test("Ssm1Incoming shows nothing that is not entered when an old entry has its id", async () => {
  await using site = await makeSite();
  const { spool, path } = site;
  const prepared = await spool.prepare({ key: "new", fields: fieldsOf("new") });
  // The old message is gone, as whoever reads incoming takes it away, and its second is not over.
  const [ticket] = hiddenIn(`${path}/ack`);
  const old = createHash("md5").update(fieldsOf("old").body).digest("hex");
  await Deno.copyFile(`${path}/ack/${ticket}`, `${path}/ack/${old}`);
  assert.equal(
    await spool.prepare({ key: "old", fields: fieldsOf("old") }),
    undefined,
  );
  assert.deepEqual(visibleIn(`${path}/incoming`), []);
  assert.ok(await prepared!.commit());
  assert.equal(bodiesIn(`${path}/incoming`).length, 1);
});

interface Site extends AsyncDisposable {
  readonly path: string;
  readonly spool: Ssm1Incoming;
}

async function makeSite(): Promise<Site> {
  const path = await Deno.makeTempDir();
  return {
    path,
    spool: await Ssm1Incoming.open(path),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
