/**
 * The outgoing directory of a sender's file.
 *
 * @module
 */
import { join } from "node:path";
import {
  type Ini,
  isSsm1,
  readSenderConfig,
  readSsm1Config,
} from "../../config/mod.ts";
import type { Logger } from "../../log/mod.ts";
import {
  DirqWaiting,
  type OutgoingSpool,
  PlainWaiting,
  type WaitingSpool,
} from "../../spool/mod.ts";
import { composeSsm1Outgoing } from "./ssm1.ts";
import { surroundingsHere } from "./ssm1_file.ts";
import { composeOutgoing } from "./ssm2.ts";

/** The files that wait, of either protocol and kind of directory. */
export interface OutgoingStore {
  readonly path: string;
  /** As the configuration calls it. */
  readonly type: "dirq" | "directory";
  readonly waiting: WaitingSpool;
  /** Age at which a sender takes a lock for left behind, in ms; 0 = never. */
  readonly maxLockMs: number;
  /** As the sender has it; `log` hears of what is never sent. */
  spool(log: Logger): OutgoingSpool;
}

/** Reads a sender's file. @throws {SsmError} `CONFIG` */
export function outgoingStore(ini: Ini): OutgoingStore {
  if (isSsm1(ini)) return ssm1Store(ini);
  const { messaging } = readSenderConfig(ini).config;
  const { path, pathType, umask, maxLockMs } = messaging;
  return {
    path,
    type: pathType,
    maxLockMs,
    waiting: pathType === "dirq"
      ? new DirqWaiting(path)
      : new PlainWaiting(path, { directoryMode: 0o777 & ~umask }),
    spool: (log) => composeOutgoing({ ...messaging, minFileAgeMs: 0 }, log),
  };
}

function ssm1Store(ini: Ini): OutgoingStore {
  const { messages } = readSsm1Config(ini, surroundingsHere()).config;
  const path = join(messages.path, "outgoing");
  return {
    path,
    type: "directory",
    maxLockMs: messages.maxLockMs,
    waiting: new PlainWaiting(path, {
      skipTmp: false,
      directoryMode: 0o777 & ~messages.umask,
    }),
    spool: (log) => composeSsm1Outgoing({ ...messages, minFileAgeMs: 0 }, log),
  };
}
