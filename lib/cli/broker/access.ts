/**
 * Who may read and write where on the embedded broker: its access file.
 *
 * @module
 */
import {
  type AccessRequest,
  type AccessRule,
  AccessRules,
  addressFilter,
  type Authorise,
} from "../../broker/mod.ts";
import { checkExposure } from "../../credentials/mod.ts";
import { reason, SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { dnSpellings, isAmbiguousDn, parseCertificate } from "../../pki/mod.ts";
import { readEntries } from "../command/text_file.ts";

/** What the broker knows of its clients; rules on anything else would never fit. */
export interface KnownOfClients {
  /** Logins, for they are checked. */
  readonly users: boolean;
  /** Certificates, for they are demanded and verified. */
  readonly certificates: boolean;
}

/** A rule, and where it is written. */
interface FileRule extends AccessRule {
  readonly line: number;
}

type Peer = NonNullable<AccessRequest["peer"]>;

/**
 * Judges clients by the rules of a file; what none of them allows is denied.
 *
 * @throws {SsmError} `CONFIG` for a file that cannot be used
 */
export function brokerAccess(
  path: string,
  known: KnownOfClients,
  log: Logger,
): Authorise {
  const danger = "they can read or change who may read and write";
  checkExposure(
    { path, what: "Access file", danger },
    (words) => log.warning(words),
  );
  const rules = new AccessRules(readRules(path, known));
  return (request) => {
    const rule = rules.find(request);
    if (rule?.verdict === "allow") return true;
    const { principal, remote, access, destination } = request;
    const why = rule === undefined
      ? `no line of ${path} allows it`
      : `${path}, line ${rule.line}`;
    log.warning(
      `Denied "${principal.name}" of ${remote} to ${access} "${destination}": ${why}`,
    );
    return false;
  };
}

function readRules(path: string, known: KnownOfClients): FileRule[] {
  return readEntries(path).map(({ text, line }) => {
    try {
      const rule = parseRule(text, known);
      // Tells what is wrong with the destination while the line is known.
      new AccessRules([rule]);
      return { ...rule, line };
    } catch (error) {
      throw new SsmError(
        "CONFIG",
        `Cannot use ${path}, line ${line}: ${reason(error)}`,
      );
    }
  });
}

/** `allow|deny read|write|all DESTINATION WHO`. @throws {SyntaxError} for anything else */
function parseRule(line: string, known: KnownOfClients): AccessRule {
  const [, verdict, access, destination, who] =
    /^\s*(allow|deny)\s+(read|write|all)\s+(\S+)\s+(\S.*?)\s*$/.exec(line) ??
      [];
  if (destination === undefined || who === undefined) {
    throw new SyntaxError("it is not allow|deny read|write|all WHERE WHO");
  }
  return {
    verdict: verdict as AccessRule["verdict"],
    access: access as AccessRule["access"],
    destination,
    concerns: parseWho(who, { ...known, strict: verdict === "allow" }),
  };
}

function parseWho(
  who: string,
  { users, certificates, strict }: KnownOfClients & { strict: boolean },
): AccessRule["concerns"] {
  if (who === "anyone") return () => true;
  const [, kind, value = ""] = /^(user|dn|address):(.+)$/.exec(who) ?? [];
  switch (kind) {
    case "user":
      if (!users) throw new SyntaxError("there are no users");
      return ({ principal }) => principal.name === value;
    case "dn": {
      if (!value.startsWith("/")) {
        throw new SyntaxError("its DN does not begin with a slash");
      }
      if (!certificates) {
        throw new SyntaxError("only tls = strict demands certificates");
      }
      return ({ peer }) => peer !== undefined && isCalled(peer, value, strict);
    }
    case "address": {
      const admits = addressFilter({ allow: [value] });
      return ({ remote }) => admits(remote);
    }
    default:
      throw new SyntaxError("its WHO is not anyone, user:, dn: or address:");
  }
}

/** The names of a certificate; it is asked for at each message, and parsed once. */
const namesOf = new WeakMap<Peer, ReturnType<typeof readNames>>();

function readNames({ leaf }: Peer) {
  const { subject } = parseCertificate(leaf);
  return { spellings: dnSpellings(subject), ambiguous: isAmbiguousDn(subject) };
}

/** @param strict whether a DN that could be mistaken for another counts for none */
function isCalled(peer: Peer, dn: string, strict: boolean): boolean {
  const names = namesOf.get(peer) ?? readNames(peer);
  namesOf.set(peer, names);
  if (strict && names.ambiguous) return false;
  return names.spellings.includes(dn);
}
