/**
 * Judges again what is in reject, says which changes of the disk it makes, and kills
 * itself before one of them: `rejected_killed.ts KIND DIRECTORY KILL_AT`.
 *
 * @module
 */
import { Dying } from "../../../kit/programs/dying.ts";
import { type Kind, retryAll } from "./rejected_site.ts";

const [kind = "", dir = "", killAt = ""] = Deno.args;
const dying = new Dying(dir, Number(killAt));
await retryAll(kind as Kind, dir);
dying.step("done");
