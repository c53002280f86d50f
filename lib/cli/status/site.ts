/**
 * Where to look, by the configuration.
 *
 * @module
 */
import { join } from "node:path";
import {
  detectRole,
  type Ini,
  isSsm1,
  readReceiverConfig,
  readSenderConfig,
  readSsm1Config,
  readStompserverConfig,
} from "../../config/mod.ts";
import { SsmError } from "../../errors.ts";
import type { Role } from "../state/run_state.ts";
import { type OutgoingStore, outgoingStore } from "../wiring/outgoing.ts";
import { type RejectStore, rejectStore } from "../wiring/rejected.ts";
import { surroundingsHere } from "../wiring/ssm1_file.ts";

/** What a role has. */
export interface StatusSite {
  readonly role: Role;
  /** Where the process keeps its state file; `undefined` when it keeps none. */
  readonly spool: string | undefined;
  readonly outgoing?: OutgoingStore;
  readonly incoming?: { readonly path: string; readonly type: "dirq" | "ssm1" };
  readonly reject?: Pick<RejectStore, "path" | "rejected">;
  /** Files with certificates. */
  readonly certificate?: string | undefined;
  readonly serverCert?: string | undefined;
  /** The CA directory, if its CRLs are used. */
  readonly crls?: string | undefined;
}

/** Reads a file of any role. @throws {SsmError} `CONFIG` */
export function statusSite(ini: Ini): StatusSite {
  const role = detectRole(ini);
  if (role === "sender") return senderSite(ini);
  if (role === "receiver") return receiverSite(ini);
  if (isSsm1(ini)) return ssm1Site(ini);
  if (ini.has("stompserver")) return brokerSite(ini);
  throw new SsmError(
    "CONFIG",
    `Cannot tell what to look at: ${ini.file} has neither [sender], [receiver], [stompserver] nor [messagedb]`,
  );
}

function senderSite(ini: Ini): StatusSite {
  const { certificates, messaging } = readSenderConfig(ini).config;
  return {
    role: "sender",
    spool: messaging.path,
    outgoing: outgoingStore(ini),
    certificate: certificates.certificate,
    serverCert: certificates.serverCert,
    crls: certificates.checkCrls ? certificates.capath : undefined,
  };
}

function receiverSite(ini: Ini): StatusSite {
  const { certificates, messaging } = readReceiverConfig(ini).config;
  return {
    role: "receiver",
    spool: messaging.path,
    incoming: { path: join(messaging.path, "incoming"), type: "dirq" },
    reject: rejectStore(ini),
    certificate: certificates.certificate,
    crls: certificates.checkCrls ? certificates.capath : undefined,
  };
}

function ssm1Site(ini: Ini): StatusSite {
  const { config } = readSsm1Config(ini, surroundingsHere());
  const { certificates, messages, producer, consumer } = config;
  return {
    role: "ssm1",
    spool: messages.path,
    ...(producer && { outgoing: outgoingStore(ini) }),
    ...(consumer && {
      incoming: { path: join(messages.path, "incoming"), type: "ssm1" },
      reject: rejectStore(ini),
    }),
    certificate: certificates.certificate,
    serverCert: producer?.consumerCertificate,
    crls: certificates.checkCrls ? certificates.capath : undefined,
  };
}

function brokerSite(ini: Ini): StatusSite {
  const { config } = readStompserverConfig(ini);
  return {
    role: "broker",
    spool: config.data,
    certificate: config.tls === "off" ? undefined : config.certificate,
    crls: config.tls === "strict" && config.checkCrls
      ? config.capath
      : undefined,
  };
}
