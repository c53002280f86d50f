/**
 * What every incoming spool must do, whatever it looks like on disk.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { IncomingSpool } from "../../../lib/spool/mod.ts";
import { testWith } from "../../peers/parts.ts";
import { mountSmall } from "../../kit/disk/small_disk.ts";
import { intercepted } from "../../kit/disk/intercepted.ts";
import { isSpoolError } from "./outgoing_suite.ts";
import { bytes } from "../../kit/text.ts";
import { modeOf, temporaryDirectory } from "../../kit/disk/directories.ts";

/** Settings that all kinds have. */
export interface IncomingOptions {
  maxTempMs?: number;
  fileMode?: number;
  directoryMode?: number;
}

/** One kind of spool, as the suite handles it. */
export interface IncomingKind {
  readonly name: string;
  /** Opens a spool that keeps all it has below `root`. */
  open(root: string, options?: IncomingOptions): Promise<IncomingSpool>;
  /** The directory below `root` in which messages are written and shown. */
  readonly directory: string;
  /** The files that hold the bodies of what is visible, below `root`. */
  bodies(root: string): string[];
  /** The files and directories, below `root`, of what is not visible yet. */
  hidden(root: string): string[];
  /** Whether it still knows after a restart what it delivered, and what others did. */
  readonly remembers: boolean;
}

/** Registers the suite for one kind. */
export function incomingSuite(kind: IncomingKind): void {
  function test(
    criterion: string,
    body: (root: string, spool: IncomingSpool) => Promise<void>,
  ): void {
    Deno.test(`${kind.name} ${criterion}`, async () => {
      await using directory = await temporaryDirectory();
      await body(directory.path, await kind.open(directory.path));
    });
  }

  const visible = (root: string): string[] =>
    kind.bodies(root).map((path) => Deno.readTextFileSync(`${root}/${path}`))
      .sort();

  test("delivers any bytes, with the configured modes", async (root) => {
    const spool = await kind.open(`${root}/new`, {
      fileMode: 0o660,
      directoryMode: 0o2770,
    });
    const every = Uint8Array.from({ length: 70_000 }, (_, i) => i * 7 % 256);
    const fields = { ...fieldsOf("k"), body: every };
    const name = await (await spool.prepare({ key: "k", fields }))!.commit();
    const [body = "", ...others] = kind.bodies(`${root}/new`);
    assert.deepEqual(others, []);
    assert.ok(body.includes(name!));
    assert.deepEqual(await Deno.readFile(`${root}/new/${body}`), every);
    assert.equal(modeOf(`${root}/new/${body}`), 0o660);
    assert.equal(modeOf(`${root}/new/${kind.directory}`), 0o2770);
  });

  test("delivers an empty body", async (root, spool) => {
    const fields = { ...fieldsOf("k"), body: "" };
    assert.ok(await (await spool.prepare({ key: "k", fields }))!.commit());
    assert.deepEqual(visible(root), [""]);
  });

  test(
    "shows nothing before the commit, and leaves nothing hidden after",
    async (root, spool) => {
      const prepared = await spool.prepare({ key: "k", fields: fieldsOf("k") });
      assert.deepEqual(visible(root), []);
      assert.notDeepEqual(kind.hidden(root), []);
      await prepared!.commit();
      assert.deepEqual(visible(root), ["body of k"]);
      assert.deepEqual(kind.hidden(root), []);
      await prepared!.discard();
      assert.deepEqual(visible(root), ["body of k"]);
    },
  );

  test(
    "leaves nothing of what is discarded, which may come again",
    async (root, spool) => {
      const prepared = await spool.prepare({ key: "k", fields: fieldsOf("k") });
      await prepared!.discard();
      await prepared!.discard();
      assert.deepEqual(kind.hidden(root), []);
      assert.ok(await deliver(spool, "k"));
      assert.deepEqual(visible(root), ["body of k"]);
    },
  );

  test("delivers a message once, and another one too", async (root, spool) => {
    assert.ok(await deliver(spool, "k"));
    assert.equal(
      await spool.prepare({ key: "k", fields: fieldsOf("k") }),
      undefined,
    );
    assert.ok(await deliver(spool, "other"));
    assert.deepEqual(visible(root), ["body of k", "body of other"]);
  });

  test(
    "delivers a message once that is prepared several times at once",
    async (root, spool) => {
      const names = await Promise.all(
        Array.from({ length: 8 }, () => deliver(spool, "k")),
      );
      assert.equal(names.filter((name) => name !== undefined).length, 1);
      assert.deepEqual(visible(root), ["body of k"]);
      assert.deepEqual(kind.hidden(root), []);
    },
  );

  test("delivers everything that comes at the same time, from several spools", async (root) => {
    const spools = await Promise.all([1, 2, 3].map(() => kind.open(root)));
    const keys = Array.from({ length: 60 }, (_, i) => `${i}`);
    const names = await Promise.all(
      keys.map((key, i) => deliver(spools[i % 3]!, key)),
    );
    assert.equal(new Set(names).size, 60);
    assert.deepEqual(visible(root), keys.map((key) => `body of ${key}`).sort());
    assert.deepEqual(kind.hidden(root), []);
  });

  test("shows messages in the order of the commits", async (root, spool) => {
    const [a, b, c] = await Promise.all(
      ["a", "b", "c"].map((key) =>
        spool.prepare({ key, fields: fieldsOf(key) })
      ),
    );
    const order: string[] = [];
    using _ = intercepted(Deno, "renameSync", (rename) => (from, to) => {
      rename(from, to);
      order.push(...visible(root).filter((body) => !order.includes(body)));
    });
    await Promise.all([c!.commit(), a!.commit(), b!.commit()]);
    assert.deepEqual(order, ["body of c", "body of a", "body of b"]);
  });

  test("tidy() leaves what is being prepared alone", async (root, spool) => {
    const prepared = await spool.prepare({ key: "k", fields: fieldsOf("k") });
    await spool.tidy();
    await (await kind.open(root)).tidy();
    assert.ok(await prepared!.commit());
    assert.deepEqual(visible(root), ["body of k"]);
  });

  test(
    "tidy() leaves nothing hidden that is old; its slow writer neither loses nor doubles it",
    async (root, spool) => {
      const slow = await spool.prepare({ key: "k", fields: fieldsOf("k") });
      const then = new Date(Date.now() - 301_000);
      for (const path of kind.hidden(root)) {
        await Deno.utime(`${root}/${path}`, then, then);
      }
      await (await kind.open(root)).tidy();
      assert.deepEqual(kind.hidden(root), []);
      try {
        assert.equal(await slow!.commit(), undefined);
      } catch (error) {
        assert.ok(isSpoolError(error));
      }
      await deliver(spool, "k");
      assert.deepEqual(visible(root), ["body of k"]);
      assert.deepEqual(kind.hidden(root), []);
    },
  );

  test("says so when its directory is removed", async (root, spool) => {
    const prepared = await spool.prepare({ key: "k", fields: fieldsOf("k") });
    await Deno.remove(`${root}/${kind.directory}`, { recursive: true });
    await assert.rejects(() => prepared!.commit(), isSpoolError);
    await assert.rejects(() => deliver(spool, "l"), isSpoolError);
    await assert.rejects(() => spool.tidy(), isSpoolError);
    const reopened = await kind.open(root);
    assert.ok(await deliver(reopened, "l"));
    // Its commit failed, so it comes again.
    await deliver(reopened, "k");
    assert.deepEqual(visible(root), ["body of k", "body of l"]);
  });

  test("cannot be opened where a file is in the way", async (root) => {
    await Deno.writeTextFile(`${root}/file`, "");
    await assert.rejects(() => kind.open(`${root}/file/in`), isSpoolError);
  });

  testWith(
    ["root"],
    `${kind.name} delivers nothing on a full disk, and everything when there is room again`,
    () =>
      onSmallDisk(async (root) => {
        const spool = await kind.open(root);
        const ballast = `${root}/ballast`;
        await assert.rejects(() =>
          Deno.writeFile(ballast, new Uint8Array(1 << 20))
        );
        const fields = { ...fieldsOf("k"), body: "x".repeat(20_000) };
        await assert.rejects(
          () => spool.prepare({ key: "k", fields }),
          (error: unknown) =>
            isSpoolError(error) &&
            error.message ===
              `Cannot write to "${root}/${kind.directory}": no space left on device`,
        );
        assert.deepEqual(kind.hidden(root), []);
        await Deno.remove(ballast);
        const prepared = await spool.prepare({ key: "k", fields });
        assert.ok(await prepared!.commit());
      }),
  );

  testWith(
    ["root"],
    `${kind.name} says so on a read-only file system, and delivers when it is writable`,
    () =>
      onSmallDisk(async (root, remount) => {
        const spool = await kind.open(root);
        const prepared = await spool.prepare({
          key: "a",
          fields: fieldsOf("a"),
        });
        await remount("ro");
        await assert.rejects(() => prepared!.commit(), isSpoolError);
        await assert.rejects(
          () => spool.prepare({ key: "k", fields: fieldsOf("k") }),
          (error: unknown) =>
            isSpoolError(error) &&
            error.message ===
              `Cannot write to "${root}/${kind.directory}": read-only file system`,
        );
        await remount("rw");
        await deliver(spool, "a");
        await deliver(spool, "k");
        assert.deepEqual(visible(root), ["body of a", "body of k"]);
      }),
  );

  if (!kind.remembers) return;

  test(
    "knows what was delivered before a restart, and by others",
    async (root, spool) => {
      await deliver(spool, "k");
      const other = await kind.open(root);
      assert.equal(
        await other.prepare({ key: "k", fields: fieldsOf("k") }),
        undefined,
      );
      await deliver(other, "l");
      assert.equal(
        await spool.prepare({ key: "l", fields: fieldsOf("l") }),
        undefined,
      );
      assert.deepEqual(visible(root), ["body of k", "body of l"]);
    },
  );

  test("delivers a message once that several spools prepare at once", async (root) => {
    const spools = await Promise.all([1, 2, 3].map(() => kind.open(root)));
    const names = await Promise.all(
      Array.from({ length: 12 }, (_, i) => deliver(spools[i % 3]!, "k")),
    );
    assert.ok(names.filter((name) => name !== undefined).length <= 1);
    assert.deepEqual(visible(root), ["body of k"]);
    assert.deepEqual(kind.hidden(root), []);
  });
}

/** A message of its own for each key. */
export function fieldsOf(key: string) {
  return {
    body: bytes(`body of ${key}`),
    signer: "/C=UK/CN=x",
    empaid: key,
    error: "No reason",
  };
}

/** Delivers the message of that key. */
export async function deliver(
  spool: IncomingSpool,
  key: string,
): Promise<string | undefined> {
  return await (await spool.prepare({ key, fields: fieldsOf(key) }))?.commit();
}

async function onSmallDisk(
  body: (
    root: string,
    remount: (how: "ro" | "rw") => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await using disk = await mountSmall(`${directory}/disk`);
    await body(`${directory}/disk`, disk.remount);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
