import assert from "node:assert/strict";
import { isSsmError } from "../../../../lib/errors.ts";
import {
  DeliveredElements,
  DirqSchema,
  type HeldElement,
  MarkedElements,
} from "../../../../lib/spool/mod.ts";
import { testWith } from "../../../peers/parts.ts";
import { startPython } from "../../../peers/python_dirq.ts";

/** A queue with elements `a` (marked), `b` and `c` (marked). */
async function withQueue(
  work: (queue: {
    path: string;
    marked: MarkedElements;
    fields: () => Promise<Record<string, string>[]>;
  }) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "marked-" });
  try {
    const path = `${root}/queue`;
    const queue = await DirqSchema.open(path, {
      ledgerDirectory: `${root}/ledger`,
    });
    for (const body of ["a", "b", "c"]) {
      const mark: Record<string, string> = body === "b" ? {} : { again: body };
      const prepared = await queue.prepare({
        key: body,
        fields: {
          ...{ body, signer: "/CN=x", empaid: body, error: "why" },
          ...mark,
        },
      });
      await prepared!.commit();
    }
    const elements = new DeliveredElements(path);
    await work({
      path,
      marked: new MarkedElements(path, { mark: "again" }),
      fields: () =>
        Promise.all(
          elements.list().map(async (name) =>
            Object.fromEntries(
              Object.entries(await elements.read(name)).map(([key, value]) =>
                [key, new TextDecoder().decode(value)] as const
              ),
            )
          ),
        ),
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function locked(
  marked: MarkedElements,
  name: string | undefined,
): Promise<HeldElement> {
  const element = await marked.lock(name!);
  assert.ok(typeof element !== "string", `${element}`);
  return element;
}

Deno.test("MarkedElements lists, locks, changes and removes what is marked, and nothing else", () =>
  withQueue(async ({ marked, fields, path }) => {
    const [first, last, ...others] = await marked.list();
    assert.deepEqual(others, []);
    const element = await locked(marked, first);
    assert.equal(await marked.lock(first!), "held");
    assert.equal(
      new TextDecoder().decode((await element.read()).again),
      "a",
    );
    await element.unlock();
    await element.unlock();
    const changed = await locked(marked, first);
    await changed.change({ error: "other", again: undefined });
    await changed.unlock();
    assert.equal(await marked.lock(first!), "gone");
    await (await locked(marked, last)).remove();
    assert.equal(await marked.lock(last!), "gone");
    assert.deepEqual(await marked.list(), []);
    const rest = { signer: "/CN=x" };
    assert.deepEqual(await fields(), [
      { ...rest, body: "a", empaid: "a", error: "other" },
      { ...rest, body: "b", empaid: "b", error: "why" },
    ]);
    assert.deepEqual([...Deno.readDirSync(`${path}/obsolete`)], []);
  }));

Deno.test("MarkedElements takes over the lock of a process that was killed, and sweeps what it was removing", () =>
  withQueue(async ({ path, marked }) => {
    const [first] = await marked.list();
    await locked(marked, first);
    await Deno.mkdir(`${path}/obsolete/0123456789abcd`);
    await marked.list();
    assert.equal([...Deno.readDirSync(`${path}/obsolete`)].length, 1);
    const old = new Date(Date.now() - 3_600_000);
    await Deno.utime(`${path}/${first}/locked`, old, old);
    await (await locked(marked, first)).unlock();
    const hasty = new MarkedElements(path, { mark: "again", maxLockMs: -1 });
    await hasty.list();
    assert.deepEqual([...Deno.readDirSync(`${path}/obsolete`)], []);
  }));

Deno.test("MarkedElements finds nothing where nothing was delivered", async () => {
  const marked = new MarkedElements("/nonexistent", { mark: "again" });
  assert.deepEqual(await marked.list(), []);
});

Deno.test("MarkedElements says what it cannot lock", () =>
  withQueue(async ({ path, marked }) => {
    const [name] = await marked.list();
    await Deno.remove(`${path}/${name}`, { recursive: true });
    await Deno.writeTextFile(`${path}/${name}`, "no directory");
    await assert.rejects(
      marked.lock(name!),
      (error) => isSsmError(error, "SPOOL"),
    );
  }));

testWith(
  ["python3-dirq"],
  "A Python reader takes marked elements like all others",
  () =>
    withQueue(async ({ path, marked }) => {
      const [first] = await marked.list();
      await locked(marked, first);
      const got = await startPython<string[]>(
        `
queue = Queue(path, schema={"body": "string", "signer": "string", "empaid": "string?", "error": "string?"})
got = []
name = queue.first()
while name:
    if queue.lock(name):
        got.append(queue.get(name)["body"])
        queue.remove(name)
    name = queue.next()
print(json.dumps(got))
`,
        path,
      );
      assert.deepEqual(got, ["b", "c"]);
      assert.deepEqual(await marked.list(), [first]);
    }),
);
