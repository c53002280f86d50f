/**
 * How `ssm stomper` and `ssm printer` speak TLS.
 *
 * @module
 */
import { path } from "../../config/mod.ts";
import type { ClientTlsOptions } from "../../net/mod.ts";
import {
  loadIdentity,
  openCaFile,
  openTrustStore,
} from "../../credentials/mod.ts";
import { systemClock } from "../../time/mod.ts";
import type { OptionValues } from "../command/command.ts";
import { type Options, parsedOptions } from "../command/options.ts";
import { brokerVerifier } from "../wiring/carriers/endpoints.ts";
import { given, usage } from "../command/option_values.ts";

const INSECURE = "--insecure";

/** The options; each of them means TLS. */
export const TLS_OPTIONS: Options = {
  "--tls": "implied by the other options here",
  "--capath DIR": "CA directory that the broker is verified by",
  "--cafile FILE": "or one file of CA certificates and CRLs, PEM",
  "--check-crls": "demands CRLs in it",
  "--certificate, --certfile FILE":
    "our certificate, PEM, for brokers that ask",
  "--key, --keyfile FILE": "its private key, PEM",
  "--key-passphrase-file FILE": "",
  "--insecure": "does not verify the broker",
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
  const wanted = Object.keys(parsedOptions({ TLS_OPTIONS }).options)
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
        { now: systemClock.date(), warn },
      ).keyPair,
    }),
    verify: trust === undefined ? "none" : brokerVerifier({ trust, checkCrls }),
  };
}
