/**
 * Delivers messages `0` to `COUNT - 1`, and says so line by line, until it is killed:
 * `deliver.ts QUEUE LEDGER COUNT`.
 *
 * @module
 */
import { DirqSchema } from "../../../../lib/spool/mod.ts";

const [path = "", ledgerDirectory = "", count = "0"] = Deno.args;
const queue = await DirqSchema.open(path, { ledgerDirectory });
for (let i = 0; i < Number(count); i++) {
  const prepared = await queue.prepare({
    key: `key ${i}`,
    fields: {
      body: `body ${i}`,
      signer: "/CN=x",
      empaid: `${i}`,
    },
  });
  await prepared?.commit();
  console.log(i);
}
