/**
 * How much was delivered and is still there, by the names alone.
 *
 * @module
 */
import { isErrno } from "../../errors.ts";
import { DeliveredElements } from "../dirq/delivered_elements.ts";
import { timeOfName } from "../dirq/names.ts";
import { spoolError } from "../disk/errors.ts";
import { lookAt } from "../disk/files.ts";
import { modified } from "../disk/freshness.ts";
import { timeOrElse } from "./fields.ts";

/** What waits in an incoming directory. */
export interface Delivered {
  readonly count: number;
  /** When the first of them came, in ms since 1970; `undefined` when there is none. */
  readonly oldest: number | undefined;
}

/**
 * Counts what is in a directory of SSM2 (a dirq) or SSM1.
 *
 * @throws {SsmError} `SPOOL` when it cannot be read
 */
export function deliveredIn(path: string, type: "dirq" | "ssm1"): Delivered {
  let count = 0;
  let first: string | undefined;
  const names = type === "dirq"
    ? new DeliveredElements(path).names()
    : namesOfSsm1(path);
  for (const name of names) {
    count++;
    if (first === undefined || timed(name) < timed(first)) first = name;
  }
  const oldest = first === undefined
    ? undefined
    : sinceOf(`${path}/${first}`, type);
  return { count, oldest };
}

/** By its name, where that tells; `undefined` when it has just been taken. */
function sinceOf(path: string, type: "dirq" | "ssm1"): number | undefined {
  const named = type === "dirq" ? timeOfName(timed(path)) : NaN;
  const since = timeOrElse(named, () => {
    const info = lookAt(path);
    return info ? modified(info) : NaN;
  });
  return Number.isNaN(since) ? undefined : since;
}

/** What sorts by time: the element's own name. */
function timed(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** The names begin with the time. Beside each message is its signer. */
function* namesOfSsm1(path: string): Generator<string> {
  try {
    for (const { name, isFile } of Deno.readDirSync(path)) {
      if (isFile && !name.startsWith(".") && !name.endsWith(".sig")) yield name;
    }
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw spoolError("list", path, error);
  }
}
