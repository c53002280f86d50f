import assert from "node:assert/strict";
import { DirqRejected } from "../../../../lib/spool/mod.ts";
import {
  type OpeningEnvelope,
  type Retried,
  RETRY_FIELD,
  retryRejected,
} from "../../../../lib/ssm/mod.ts";
import { systemClock } from "../../../../lib/time/mod.ts";
import { plainEnvelope } from "../../../kit/receiving.ts";
import { Stage } from "../../../kit/stage.ts";

/** Puts elements into reject, as any program may have; returns their names. */
async function put(
  stage: Stage,
  ...elements: Record<string, string>[]
): Promise<string[]> {
  const reject = await stage.delivery("reject");
  const names: string[] = [];
  for (const fields of elements) {
    const key = crypto.randomUUID();
    const prepared = await reject.prepare({
      key,
      fields: { signer: "Not available.", error: "No reason", ...fields },
    });
    names.push((await prepared!.commit())!);
  }
  return names;
}

function rejectedOf({ dir }: Stage): DirqRejected {
  return new DirqRejected(`${dir}/reject`, {
    incoming: `${dir}/incoming`,
    mark: RETRY_FIELD,
  });
}

/** Judges these again; what became of them. */
async function retry(
  stage: Stage,
  ids: readonly string[],
  envelope: OpeningEnvelope = plainEnvelope,
): Promise<Retried[]> {
  const retried: Retried[] = [];
  await retryRejected({
    incoming: await stage.delivery("incoming"),
    reject: await stage.delivery("reject"),
    rejected: rejectedOf(stage),
    ...{ ids, envelope, clock: systemClock, log: stage.log },
    signal: stage.signal,
    onRetried: (one) => retried.push(one),
  });
  return retried;
}

const refusing = (changes: object = {}): OpeningEnvelope => ({
  open: (body) =>
    Promise.resolve({
      ...{ status: "rejected", body, signer: undefined, error: "Bad" },
      ...changes,
    }),
});

Deno.test("retryRejected() delivers each message once, and knows it when it comes again", async () => {
  await using stage = await Stage.open();
  const [one, copy, other] = await put(
    stage,
    { body: "a", empaid: "1" },
    { body: "a", empaid: "1" },
    { body: "a", empaid: "2" },
  );
  const ids = [one!, copy!, other!];
  assert.deepEqual(
    (await retry(stage, ids)).map(({ id, outcome }) => [id, outcome]),
    [[one, "incoming"], [copy, "duplicate"], [other, "incoming"]],
  );
  assert.deepEqual(
    (await retry(stage, ids)).map(({ outcome }) => outcome),
    ["gone", "gone", "gone"],
  );
  assert.deepEqual(await stage.delivered("reject"), []);
  const delivered = await stage.delivered("incoming");
  assert.deepEqual(delivered.map(({ empaid }) => empaid), ["1", "2"]);
  // As from the broker: the same id, signer and content.
  const [again] = await put(stage, { body: "a", empaid: "1" });
  const [retried] = await retry(stage, [again!]);
  assert.equal(retried?.outcome, "duplicate");
});

Deno.test("retryRejected() tells messages apart whose senders gave them no id", async () => {
  await using stage = await Stage.open();
  const ids = await put(
    stage,
    { body: "a", empaid: "noid" },
    { body: "a", empaid: "noid" },
    { body: "a", empaid: "noid", key: "message-id 7" },
    { body: "a", empaid: "noid", key: "message-id 7" },
  );
  assert.deepEqual(
    (await retry(stage, ids)).map(({ outcome }) => outcome),
    ["incoming", "incoming", "incoming", "duplicate"],
  );
});

Deno.test("retryRejected() writes the new reason into the message that stays, and nothing beside it", async () => {
  await using stage = await Stage.open();
  const [id] = await put(stage, { body: "a", empaid: "1", extra: "kept" });
  const [first] = await retry(stage, [id!], refusing({ signer: "/CN=x" }));
  assert.deepEqual(first, { id, outcome: "reject", reason: "Bad" });
  assert.deepEqual(await stage.delivered("reject"), [{
    ...{ body: "a", empaid: "1", extra: "kept" },
    ...{ signer: "/CN=x", error: "Bad" },
  }]);
  assert.deepEqual(
    [...Deno.readDirSync(`${stage.dir}/reject/temporary`)],
    [],
  );
  // What only wants a CRL now is judged again by itself from then on.
  const missing = { what: "CRL", authority: "/CN=CA" };
  await retry(stage, [id!], refusing({ missing }));
  const [left] = await stage.delivered("reject");
  assert.match(left![RETRY_FIELD]!, /"key":"1".*"what":"CRL"/);
  await retry(stage, [id!], refusing());
  assert.equal((await stage.delivered("reject"))[0]![RETRY_FIELD], undefined);
});

Deno.test("retryRejected() leaves alone what another process has", async () => {
  await using stage = await Stage.open();
  const [held, free] = await put(
    stage,
    { body: "a", empaid: "1" },
    { body: "b", empaid: "2" },
  );
  const element = await rejectedOf(stage).lock(held!);
  assert.ok(typeof element !== "string");
  const retried = await retry(stage, [held!, free!]);
  assert.deepEqual(
    retried.map(({ id, outcome }) => [id, outcome]),
    [[held, "held"], [free, "incoming"]],
  );
  await element.unlock();
});

Deno.test("retryRejected() moves back what the loader could not read, as often as it puts it there", async () => {
  await using stage = await Stage.open();
  for (let round = 0; round < 2; round++) {
    const [id] = await put(stage, {
      ...{ body: "x", empaid: "1", signer: "/CN=x" },
      error: "Parsing unsuccessful: x",
    });
    const [{ outcome } = assert.fail()] = await retry(stage, [id!], refusing());
    assert.equal(outcome, "incoming");
  }
  assert.deepEqual(
    await stage.delivered("incoming"),
    Array(2).fill({ body: "x", empaid: "1", signer: "/CN=x" }),
  );
  assert.deepEqual(await stage.delivered("reject"), []);
});

Deno.test("retryRejected() ends when files cannot be written, and leaves the message as it was", async () => {
  await using stage = await Stage.open();
  const [id] = await put(stage, { body: "a", empaid: "1" });
  const failing: OpeningEnvelope = {
    open: () => {
      throw new Deno.errors.PermissionDenied("no");
    },
  };
  // The fault is of the machine: nothing of it is the message's.
  const [retried] = await retry(stage, [id!], {
    open: async (body) => {
      await Deno.remove(`${stage.dir}/incoming`, { recursive: true });
      return await plainEnvelope.open(body);
    },
  });
  assert.equal(retried?.outcome, "failed");
  const [left] = await stage.delivered("reject");
  assert.equal(left?.error, "No reason");
  assert.ok(
    stage.lines.some((line) => line === "WARNING Message 1 stays in reject."),
  );
  const [internal] = await retry(stage, [id!], failing);
  assert.match(internal!.reason!, /^Internal error/);
});
