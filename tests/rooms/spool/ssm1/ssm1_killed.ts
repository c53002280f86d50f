/**
 * Delivers one message, says which changes of the disk it makes, and kills itself
 * before one of them: `ssm1_killed.ts PATH BODY SIGNER KILL_AT [STATEMENT]`.
 *
 * @module
 */
import { Ssm1Incoming } from "../../../../lib/spool/mod.ts";
import { Dying } from "../../../kit/programs/dying.ts";

const [path = "", body = "", signer = "", killAt = "", statement] = Deno.args;
const spool = await Ssm1Incoming.open(path);
const dying = new Dying(path, Number(killAt));
const prepared = await spool.prepare({
  key: "any",
  fields: { body, signer },
  signing: statement === undefined
    ? undefined
    : { statement, variant: undefined },
});
dying.step("prepared");
await prepared?.commit();
dying.step("committed");
