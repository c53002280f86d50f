/**
 * Whether a sender that quits has done all it was asked to.
 *
 * @module
 */
import { SsmError } from "../../errors.ts";
import type { SendReport } from "../../ssm/mod.ts";

/** @throws {SsmError} `UNSENDABLE` when something was not sent */
export function assertAllSent({ found, failed }: SendReport): void {
  if (failed === 0) return;
  throw new SsmError(
    "UNSENDABLE",
    `${failed} of ${found} messages were not sent`,
    { hint: "the log says of each one why" },
  );
}
