/**
 * Delivers one signed message, says which changes of the disk it makes, and kills
 * itself before one of them: `dirq_killed.ts ROOT KEY STATEMENT KILL_AT`.
 *
 * @module
 */
import { DirqSchema } from "../../../../lib/spool/mod.ts";
import { Dying } from "../../../kit/programs/dying.ts";

const [root = "", key = "", statement = "", killAt = ""] = Deno.args;
const queue = await DirqSchema.open(`${root}/incoming`, {
  ledgerDirectory: `${root}/ledger/incoming`,
});
const dying = new Dying(root, Number(killAt));
const prepared = await queue.prepare({
  key,
  fields: { body: "x" },
  signing: {
    statement,
    variant: undefined,
  },
});
dying.step("prepared");
await prepared?.commit();
dying.step("committed");
