/**
 * The reject directory of a receiver's file, and what judges its messages again.
 *
 * @module
 */
import { join } from "node:path";
import {
  type Ini,
  isSsm1,
  type LoggingConfig,
  loggingConfig,
  readReceiverConfig,
  readSsm1Config,
} from "../../config/mod.ts";
import { LiveIdentity, openTrustStore } from "../../credentials/mod.ts";
import { SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import {
  DirqRejected,
  type IncomingSpool,
  type RejectedSpool,
  type SignedSpool,
  Ssm1Rejected,
} from "../../spool/mod.ts";
import { RETRY_FIELD } from "../../ssm/mod.ts";
import { composeJudge, composeSsm1Judge, type Judge } from "./judge.ts";
import { openConsumerSpools } from "./ssm1.ts";
import { loggingOf, surroundingsHere } from "./ssm1_file.ts";
import { composeIncoming } from "./ssm2.ts";

/** Where messages of a receiver go. */
export interface ReceiverSpools {
  readonly incoming: SignedSpool;
  readonly reject: IncomingSpool;
}

/** The rejected messages of a receiver, of either protocol. */
export interface RejectStore {
  /** The directory, for people. */
  readonly path: string;
  readonly rejected: RejectedSpool;
  /** What judges as the receiver does now. @throws {SsmError} when certificates or lists are of no use */
  judge(log: Logger): Promise<Judge>;
  /** Opens the directories as the receiver does. @throws {SsmError} `SPOOL` */
  open(): Promise<ReceiverSpools>;
  /** The log of the receiver. */
  logging(): Promise<LoggingConfig>;
}

/** Reads a receiver's file. @throws {SsmError} `CONFIG` */
export function rejectStore(ini: Ini): RejectStore {
  return isSsm1(ini) ? ssm1Store(ini) : ssm2Store(ini);
}

function ssm2Store(ini: Ini): RejectStore {
  const { config } = readReceiverConfig(ini);
  const { messaging } = config;
  const path = join(messaging.path, "reject");
  return {
    path,
    rejected: new DirqRejected(path, {
      incoming: join(messaging.path, "incoming"),
      mark: RETRY_FIELD,
      fileMode: 0o666 & ~messaging.umask,
      directoryMode: 0o777 & ~messaging.umask,
    }),
    judge: (log) => composeJudge(config, log),
    open: async () => ({
      incoming: await composeIncoming("incoming", messaging),
      reject: await composeIncoming("reject", messaging),
    }),
    logging: () => Promise.resolve(loggingConfig(ini)),
  };
}

function ssm1Store(ini: Ini): RejectStore {
  const surroundings = surroundingsHere();
  const { config, warnings } = readSsm1Config(ini, surroundings);
  const { certificates, consumer, messages } = config;
  if (!consumer) {
    throw new SsmError("CONFIG", `The file ${ini.file} makes no consumer`);
  }
  return {
    path: join(messages.path, "reject"),
    rejected: new Ssm1Rejected(messages.path, {
      fileMode: 0o666 & ~messages.umask,
    }),
    judge: (log) => {
      const identity = LiveIdentity.open(certificates, { log });
      const warn = (words: string) => log.warning(words);
      const trust = openTrustStore(certificates.capath, warn);
      return composeSsm1Judge(config, consumer.validDns, {
        ...{ identity, trust, log },
      });
    },
    open: () => openConsumerSpools(messages),
    logging: () => loggingOf(config, { surroundings, warnings: [...warnings] }),
  };
}
