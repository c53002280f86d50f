/**
 * How `ssm stomper` and `ssm printer` speak TLS.
 *
 * @module
 */
import { path } from "../../config/mod.ts";
import type { ClientTlsOptions } from "../../net/mod.ts";
import { openCaFile } from "../../credentials/mod.ts";
import type { Command, OptionValues } from "../command/command.ts";
import { brokerVerifier } from "../wiring/endpoints.ts";
import { loadIdentity } from "../../credentials/mod.ts";
import { given, usage } from "../command/option_values.ts";
import { openTrustStore } from "../../credentials/mod.ts";

const INSECURE = "--insecure";

/** The options, for `parseArgs`; each of them means TLS. */
export const TLS_OPTIONS: Command["options"] = {
  tls: { type: "boolean" },
  capath: { type: "string" },
  cafile: { type: "string" },
  "check-crls": { type: "boolean" },
  certificate: { type: "string" },
  key: { type: "string" },
  "key-passphrase-file": { type: "string" },
  insecure: { type: "boolean" },
};

/**
 * What to dial with; `undefined` without TLS.
 *
 * @throws {SsmError} `USAGE`, `CERTIFICATE`, `KEY`, `TRUST`
 */
export function tlsOf(
  command: string,
  values: OptionValues,
  warn: (words: string) => void,
): ClientTlsOptions | undefined {
  const capath = given(values, "capath", path);
  const cafile = given(values, "cafile", path);
  const certificate = given(values, "certificate", path);
  const key = given(values, "key", path);
  const insecure = values["insecure"] === true;
  const wanted = Object.keys(TLS_OPTIONS)
    .some((name) => values[name] !== undefined);
  if (!wanted) return undefined;
  const ways = [capath, cafile, insecure || undefined];
  if (ways.filter((way) => way !== undefined).length !== 1) {
    throw usage(
      command,
      `For TLS, one of --capath, --cafile and ${INSECURE} must be given`,
    );
  }
  if ((certificate === undefined) !== (key === undefined)) {
    throw usage(
      command,
      "Neither --certificate nor --key goes without the other",
    );
  }
  const keyPassphraseFile = given(values, "key-passphrase-file", path);
  const trust = cafile !== undefined
    ? openCaFile(cafile)
    : capath !== undefined
    ? openTrustStore(capath, warn)
    : undefined;
  const checkCrls = values["check-crls"] === true;
  return {
    ...(certificate !== undefined && key !== undefined && {
      keyPair: loadIdentity(
        { certificate, key, keyPassphraseFile },
        { now: new Date(), warn },
      ).keyPair,
    }),
    verify: trust === undefined ? "none" : brokerVerifier({ trust, checkCrls }),
  };
}
