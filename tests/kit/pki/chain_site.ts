/**
 * A CA directory and a certificate to be judged, by ssm and by `openssl verify`.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { WeakDigests } from "../../../lib/asn1/mod.ts";
import { readCertificates } from "../../../lib/pki/certificate/certificate_file.ts";
import type { Verdict } from "../../../lib/pki/path/verdict.ts";
import type { Purpose } from "../../../lib/pki/path/path_rules.ts";
import { TrustStore } from "../../../lib/pki/directory/trust_store.ts";
import {
  type Credentials,
  type IssueOptions,
  openssl,
  TestCa,
  tryOpenssl,
  writeCaDirectory,
} from "../../peers/openssl/openssl.ts";
import { testWith } from "../../peers/parts.ts";
import { systemClock } from "../../../lib/time/mod.ts";

/** One question: may `leaf` be trusted? */
export interface Question {
  /** The certificate in PEM. */
  leaf: string;
  /** Certificates and CRLs of the CA directory, in PEM. */
  directory: readonly string[];
  /** Certificates that come along, in PEM. */
  sent?: readonly string[];
  checkCrls?: boolean;
  purpose?: Purpose;
  allowWeakDigests?: WeakDigests;
  now?: Date;
}

const OPENSSL_PURPOSES = { serverAuth: "sslserver", clientAuth: "sslclient" };

/** A temporary directory in which authorities are made and questions asked. */
export class ChainSite implements AsyncDisposable {
  readonly dir: string;
  #questions = 0;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async create(): Promise<ChainSite> {
    return new ChainSite(await Deno.makeTempDir({ prefix: "chain-" }));
  }

  /** A root authority. */
  root(options: Partial<IssueOptions> = {}): Promise<TestCa> {
    return TestCa.create(this.dir, { subject: "/C=UK/CN=Root", ...options });
  }

  /** The verdict of ssm. */
  async ask(question: Question): Promise<Verdict> {
    const { dir } = await this.#write(question);
    return await this.#judge(dir, question);
  }

  /** The verdict of ssm, which must be that of openssl. */
  async askBoth(question: Question): Promise<Verdict> {
    const { dir, args } = await this.#write(question);
    const verdict = await this.#judge(dir, question);
    const { success, stderr } = await tryOpenssl(args);
    assert.equal(
      verdict.ok,
      success,
      `ssm: ${verdict.ok ? "OK" : verdict.reason}; openssl: ${
        success ? "OK" : stderr
      }`,
    );
    return verdict;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }

  async #judge(dir: string, question: Question): Promise<Verdict> {
    const { leaf, sent = [], now, ...options } = question;
    const store = new TrustStore(dir, {
      clock: { ...systemClock, date: () => now ?? new Date() },
      onBadFile: (_, error) => {
        throw error;
      },
    });
    return await store.verify(
      readCertificates(leaf)[0]!,
      sent.flatMap(readCertificates),
      options,
    );
  }

  async #write(question: Question): Promise<{ dir: string; args: string[] }> {
    const { leaf, directory, sent = [], checkCrls, purpose, now } = question;
    const stem = `${this.dir}/question-${++this.#questions}`;
    await writeCaDirectory(stem, directory);
    await Deno.writeTextFile(`${stem}.leaf`, leaf);
    await Deno.writeTextFile(`${stem}.sent`, sent.join(""));
    const args = [
      ...["verify", "-no-CAfile", "-no-CAstore", "-CApath", stem],
      ...(sent.length > 0 ? ["-untrusted", `${stem}.sent`] : []),
      ...(checkCrls ? ["-crl_check_all"] : []),
      ...(purpose && purpose !== "any"
        ? ["-purpose", OPENSSL_PURPOSES[purpose]]
        : []),
      ...(now ? ["-attime", String(Math.floor(now.getTime() / 1000))] : []),
      `${stem}.leaf`,
    ];
    return { dir: stem, args };
  }
}

/** A DER certificate or CRL as `openssl` writes it in PEM. */
export async function toPem(
  kind: "x509" | "crl",
  der: Uint8Array,
): Promise<string> {
  return new TextDecoder().decode(
    await openssl([kind, "-inform", "DER"], { stdin: der }),
  );
}

/** Asserts the verdict: `true`, or words of the reason. */
export function assertVerdict(verdict: Verdict, expected: true | RegExp): void {
  if (expected === true) {
    assert.equal(verdict.ok, true, verdict.ok ? "" : verdict.reason);
  } else {
    assert.equal(verdict.ok, false);
    assert.match(verdict.ok ? "" : verdict.reason, expected);
  }
}

/**
 * A case on which ssm and openssl must agree. Only for questions that every
 * release of OpenSSL has answered alike; the others are for {@linkcode decides}.
 */
export function agrees(
  name: string,
  expected: true | RegExp,
  build: (site: ChainSite) => Promise<Question>,
): void {
  testWith(
    ["openssl"],
    `verifyChain() agrees with openssl: ${name}`,
    async () => {
      await using site = await ChainSite.create();
      assertVerdict(await site.askBoth(await build(site)), expected);
    },
  );
}

/**
 * A case that ssm decides without a look at openssl, which has changed its mind
 * about it from one patch level to the next, or is less careful.
 */
export function decides(
  name: string,
  expected: true | RegExp,
  build: (site: ChainSite) => Promise<Question>,
): void {
  testWith(["openssl"], `verifyChain() decides: ${name}`, async () => {
    await using site = await ChainSite.create();
    assertVerdict(await site.ask(await build(site)), expected);
  });
}

/** The CRLs of a directory. */
export type MakeCrls = (root: TestCa, host: Credentials) => Promise<string[]>;

/** A root and a host, with the CRLs that `crls` makes. */
export function withCrls(crls: MakeCrls, extensions?: readonly string[]) {
  return async (site: ChainSite): Promise<Question> => {
    const root = await site.root();
    const host = await root.issue({
      subject: "/C=UK/CN=host.example.org",
      ...(extensions ? { extensions } : {}),
    });
    return {
      leaf: host.certificatePem,
      directory: [root.credentials.certificatePem, ...await crls(root, host)],
      checkCrls: true,
    };
  };
}
