/**
 * How `ssm stomper` and `ssm printer` speak TLS.
 *
 * @module
 */
import { path } from "../config/mod.ts";
import type { ClientTlsOptions, PeerVerifier } from "../net/mod.ts";
import type { Command, OptionValues } from "./command.ts";
import { brokerVerifier } from "./endpoints.ts";
import { loadIdentity } from "./identity.ts";
import { given, usage } from "./option_values.ts";
import { openTrustStore } from "./trust.ts";

const INSECURE = "--insecure";

/** The options, for `parseArgs`; each of them means TLS. */
export const TLS_OPTIONS: Command["options"] = {
  tls: { type: "boolean" },
  capath: { type: "string" },
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
  const certificate = given(values, "certificate", path);
  const key = given(values, "key", path);
  const insecure = values["insecure"] === true;
  const wanted = Object.keys(TLS_OPTIONS)
    .some((name) => values[name] !== undefined);
  if (!wanted) return undefined;
  if ((capath === undefined) !== insecure) {
    throw usage(
      command,
      `For TLS, either --capath or ${INSECURE} must be given`,
    );
  }
  if ((certificate === undefined) !== (key === undefined)) {
    throw usage(
      command,
      "Neither --certificate nor --key goes without the other",
    );
  }
  const keyPassphraseFile = given(values, "key-passphrase-file", path);
  return {
    ...(certificate !== undefined && key !== undefined && {
      keyPair: loadIdentity(
        { certificate, key, keyPassphraseFile },
        new Date(),
      ).keyPair,
    }),
    verify: capath === undefined ? "none" : verifierBy(capath, {
      checkCrls: values["check-crls"] === true,
      warn,
    }),
  };
}

function verifierBy(
  capath: string,
  { checkCrls, warn }: { checkCrls: boolean; warn: (words: string) => void },
): PeerVerifier {
  const trust = openTrustStore(capath, warn);
  return brokerVerifier({ trust, checkCrls }, INSECURE);
}
