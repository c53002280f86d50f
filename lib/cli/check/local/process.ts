/**
 * Whether it runs already.
 *
 * @module
 */
import { type Finding, findingsOf, ok } from "../finding/finding.ts";
import { runningProcess } from "../../process/pidfile.ts";

/** The process that the pidfile names. That one runs is no fault: it is what a receiver is for. */
export function checkProcess(pidfile: string): Promise<Finding[]> {
  return findingsOf("process", () => {
    const pid = runningProcess(pidfile);
    return [
      ok(
        "process",
        pid === undefined
          ? `does not run, says ${pidfile}`
          : `runs already: process ${pid}, says ${pidfile}; a second one would not start`,
        {
          measures: [{
            name: "running",
            value: pid === undefined ? 0 : 1,
            unit: "",
          }],
        },
      ),
    ];
  });
}
