/**
 * SIGKILL of a sender amid a file that is sent as several messages.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ssm } from "../../kit/programs/program.ts";
import { type Site, siteTests } from "../../kit/programs/program_site.ts";
import { Receiving } from "../../kit/programs/program_receiver.ts";
import { dies } from "./deaths/mortal_process.ts";
import type { DeathOrder } from "./deaths/ordered_death.ts";

const HEADER = "APEL-individual-job-message: v0.3\n";
const RECORD_BYTES = 1000;
const PARTS = 4;

/** A message of forty records, which has room in four parts. */
function message(serial: number): string {
  const records = Array.from({ length: 40 }, (_, index) => {
    const start = `Site: EXAMPLE\nLocalJobId: ${serial}.${index}\nx: `;
    return `${start.padEnd(RECORD_BYTES - 4, "x")}\n%%\n`;
  });
  return HEADER + records.join("");
}

/** Amid the file, and at its end. */
const ORDERS: readonly DeathOrder[] = [
  { mark: "after seal", times: 2 },
  { mark: "before SEND", times: 1 },
  { mark: "amid SEND", times: 2 },
  { mark: "after SEND", times: 2 },
  { mark: "after the receipt", times: 3 },
  { mark: "after SEND", times: PARTS },
  { mark: "before remove", times: 1 },
  { mark: "amid remove", times: 1 },
];

/** As if the lock that the dead sender left were older than the limit. */
async function ageLock(site: Site, name: string): Promise<void> {
  const then = new Date(Date.now() - 3_600_000);
  await Deno.utime(`${site.outgoing}/${name}.lck`, then, then);
}

const test = siteTests();

for (const window of [1, 3]) {
  test(`a file that is sent as several messages arrives once, wherever its sender is killed, with a window of ${window}`, async (site) => {
    await using receiving = await Receiving.start(site);
    const config = await site.sender(receiving.broker.port, {
      messaging: {
        window,
        max_message_size: 8192 + 10 * RECORD_BYTES + 1000,
        split: "records",
        max_lock_age: 10,
      },
    });
    const args = ["send", "-c", config];
    const expected: { id: string; records: string }[] = [];
    for (const [serial, order] of ORDERS.entries()) {
      const text = message(serial);
      const [name] = await site.drop(text);
      for (let part = 1; part <= PARTS; part++) {
        const from = HEADER.length + (part - 1) * 10 * RECORD_BYTES;
        expected.push({
          id: `${name}.${part}of${PARTS}`,
          records: text.slice(from, from + 10 * RECORD_BYTES),
        });
      }
      assert.ok(await dies({ order }, args), JSON.stringify(order));
      await ageLock(site, name!);
      const { status, stdout } = await ssm(args);
      assert.equal(status, 0, stdout);
      assert.deepEqual(await site.waiting(), []);
    }
    const { id } = expected.at(-1)!;
    await receiving.receiver.line(new RegExp(`Received message. ID = ${id}$`));
    await receiving.receiver.line(/Message (saved to|was received before)/);
    const incoming = await site.elements("incoming");
    assert.deepEqual(
      incoming.map(({ empaid, body }) => ({
        id: empaid,
        records: body!.slice(HEADER.length),
      })),
      expected,
    );
    assert.ok(incoming.every(({ body }) => body!.startsWith(HEADER)));
    assert.deepEqual(await site.elements("reject"), []);
  });
}
