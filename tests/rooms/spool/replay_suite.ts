/**
 * What every spool for signed messages must do against replays.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { SignedSpool, Signing } from "../../../lib/spool/mod.ts";
import { temporaryDirectory } from "../../kit/disk/directories.ts";
import { type Clock, systemClock } from "../../../lib/time/mod.ts";
import { ShiftedClock } from "../../kit/clocks.ts";

/** One kind of spool, as the suite handles it. */
export interface SignedKind {
  readonly name: string;
  /** Opens a spool that keeps all it has below `root`. */
  open(
    root: string,
    options?: { remembered?: number; clock?: Clock },
  ): Promise<SignedSpool>;
  /** How many messages are visible. */
  count(root: string): number;
  /** The names of the memory's entries. */
  entries(root: string): string[];
  /** Whether a message is known by its key, or by its body. */
  readonly goesBy: "key" | "body";
}

/** A statement that is made once. */
export function unique(statement: string): Signing {
  return { statement, variant: undefined };
}

/** One of several acts of signing with one statement. */
export function variant(statement: string, variant: string): Signing {
  return { statement, variant };
}

/** Delivers as a receiver does; `doubt` when the spool has one. */
export async function deliver(
  spool: SignedSpool,
  id: string,
  signing: Signing,
  body = "x",
): Promise<"delivered" | "known" | "doubt"> {
  const key = `${id} ${body}`;
  const fields = { body, signer: "/CN=x" };
  if (await spool.doubt({ key, fields, signing }) !== undefined) return "doubt";
  const prepared = await spool.prepare({ key, fields, signing });
  return await prepared?.commit() === undefined ? "known" : "delivered";
}

/** Registers the suite for one kind. */
export function replaySuite(kind: SignedKind): void {
  function test(
    criterion: string,
    body: (root: string, spool: SignedSpool) => Promise<void>,
  ): void {
    Deno.test(`${kind.name} ${criterion}`, async () => {
      await using directory = await temporaryDirectory();
      await body(directory.path, await kind.open(directory.path));
    });
  }

  test(
    "delivers once what was signed once, under whatever keys",
    async (root, spool) => {
      assert.equal(await deliver(spool, "a", unique("s")), "delivered");
      for (const id of ["a", "b", "c"]) {
        assert.equal(await deliver(spool, id, unique("s")), "known");
        const reopened = await kind.open(root);
        assert.equal(await deliver(reopened, id, unique("s")), "known");
      }
      assert.equal(kind.count(root), 1);
      const another = await deliver(spool, "d", unique("t"), "y");
      assert.equal(another, "delivered");
    },
  );

  test("delivers once what comes from one signing under many keys at the same time, to several spools", async (root) => {
    const spools = await Promise.all([1, 2, 3].map(() => kind.open(root)));
    const results = await Promise.all(
      Array.from(
        { length: 30 },
        (_, i) => deliver(spools[i % 3]!, `${i}`, unique("s")),
      ),
    );
    assert.ok(results.filter((result) => result === "delivered").length <= 1);
    assert.equal(kind.count(root), 1);
  });

  test(
    "says which of several at the same time it delivered",
    async (_root, spool) => {
      const results = await Promise.all(
        ["a", "a", "b", "c", "a"].map((id) => deliver(spool, id, unique("s"))),
      );
      assert.deepEqual(
        results.sort(),
        ["delivered", "known", "known", "known", "known"],
      );
    },
  );

  test(
    "delivers nothing of a signing whose message it knew already",
    async (_root, spool) => {
      assert.equal(await deliver(spool, "a", unique("s")), "delivered");
      // Signed again: its sender did not hear of the delivery.
      assert.equal(await deliver(spool, "a", unique("t")), "known");
      for (const statement of ["s", "t"]) {
        assert.equal(await deliver(spool, "b", unique(statement)), "known");
      }
    },
  );

  test(
    "delivers each of several equal messages that are signed with one statement, once",
    async (root, spool) => {
      // What is known by its body comes again only when it is forgotten.
      const bodyOf = (i: number) => kind.goesBy === "key" ? "x" : `${i}`;
      for (let i = 0; i < 3; i++) {
        const signing = variant("s", `boundary ${i}`);
        const first = await deliver(spool, `${i}`, signing, bodyOf(i));
        assert.equal(first, "delivered");
        const again = await deliver(spool, `again ${i}`, signing, bodyOf(i));
        assert.equal(again, "known");
      }
      assert.equal(kind.count(root), 3);
    },
  );

  test(
    "doubts a message with a statement that came long before, and no other",
    async (root) => {
      const clock = new ShiftedClock();
      const spool = await kind.open(root, { clock });
      const signing = variant("s", "one");
      assert.equal(await deliver(spool, "a", signing, "one"), "delivered");
      clock.aheadMs = 590_000;
      const second = await deliver(spool, "b", variant("s", "two"), "two");
      assert.equal(second, "delivered");
      clock.aheadMs = 610_000;
      const third = variant("s", "three");
      const fields = { body: "three", signer: "/CN=x" };
      const reason = await spool.doubt({
        key: "c three",
        fields,
        signing: third,
      });
      assert.match(
        reason!,
        /^what is signed came before, on \d{4}-\d\d-\d\dT[\d:.]+Z, in another message$/,
      );
      // What it knows it does not doubt, though it comes late.
      assert.equal(await deliver(spool, "a", signing, "one"), "known");
      assert.equal(await deliver(spool, "d", signing, "one"), "known");
      assert.equal(await deliver(spool, "e", unique("s"), "four"), "delivered");
      assert.equal(kind.count(root), 3);
    },
  );

  test(
    "doubts a message with a statement that came in a hundred messages",
    async (_root, spool) => {
      for (let i = 0; i < 100; i++) {
        const signing = variant("s", `${i}`);
        const result = await deliver(spool, `${i}`, signing, `${i}`);
        assert.equal(result, "delivered");
      }
      const next = variant("s", "100");
      assert.equal(await deliver(spool, "100", next, "100"), "doubt");
      assert.equal(
        await deliver(spool, "0", variant("s", "0"), "0"),
        "known",
      );
    },
  );

  test(
    "doubts no message that it was about to deliver when it was stopped",
    async (root, spool) => {
      const signing = variant("s", "one");
      const fields = { body: "x", signer: "/CN=x" };
      assert.equal(
        await spool.doubt({ key: "a x", fields, signing }),
        undefined,
      );
      const clock = new ShiftedClock();
      clock.aheadMs = 86_400_000;
      const reopened = await kind.open(root, { clock });
      assert.equal(await deliver(reopened, "a", signing), "delivered");
    },
  );

  test("remembers a bounded number of signings, the last ones", async (root) => {
    let now = Date.now();
    const clock = { ...systemClock, date: () => new Date(now) };
    const spool = await kind.open(root, { remembered: 8, clock });
    for (let i = 0; i < 60; i++) {
      const signing = i % 2 ? unique(`${i}`) : variant(`${i}`, "one");
      await deliver(spool, `${i}`, signing, `${i}`);
      now++;
      // Entries are as old as their files, to the millisecond.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const count = kind.entries(root).length;
    assert.ok(count <= 3 * 8 + 2, `${count}`);
    for (const i of [58, 59]) {
      const signing = i % 2 ? unique(`${i}`) : variant(`${i}`, "one");
      assert.equal(await deliver(spool, "other", signing, `${i}`), "known");
    }
  });
}
