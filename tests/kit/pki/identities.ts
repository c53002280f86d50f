/**
 * Certificates with keys of several kinds, loaded and on disk, and a way to run
 * many commands of the `openssl` program in one go.
 *
 * @module
 */
import { loadPrivateKey, readCertificates } from "../../../lib/pki/mod.ts";
import type { Signer } from "../../../lib/smime/mod.ts";
import { type KeyKind, TestCa } from "../../peers/openssl/openssl.ts";

/** A certificate and its key for both sides. */
export interface Identity extends Signer {
  readonly certificatePath: string;
  readonly keyPath: string;
}

/** Identities under one authority, in a temporary directory that disposal removes. */
export class Identities implements AsyncDisposable {
  readonly dir: string;
  readonly #ca: TestCa;

  private constructor(dir: string, ca: TestCa) {
    this.dir = dir;
    this.#ca = ca;
  }

  static async create(): Promise<Identities> {
    const dir = await Deno.makeTempDir({ prefix: "smime-" });
    const ca = await TestCa.create(dir, { subject: "/C=UK/O=Test/CN=Test CA" });
    return new Identities(dir, ca);
  }

  /** The certificate of the authority. */
  get caPath(): string {
    return this.#ca.credentials.certificatePath;
  }

  async issue(kind: KeyKind, name: string = kind): Promise<Identity> {
    const { certificatePem, keyPem, certificatePath, keyPath } = await this.#ca
      .issue({
        subject: `/C=UK/O=Test/CN=${name.replace(":", "-")}`,
        key: kind,
      });
    return {
      certificate: readCertificates(certificatePem)[0]!,
      key: loadPrivateKey(keyPem),
      certificatePath,
      keyPath,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** One command line, run by a shell in the directory of the batch. */
export interface Job {
  readonly name: string;
  readonly command: string;
}

/**
 * Runs all commands, two at a time; returns the names of those that failed.
 * Starting one shell for all costs far less than one process for each.
 */
export async function runJobs(
  dir: string,
  jobs: readonly Job[],
): Promise<string[]> {
  const halves = [0, 1].map((half) =>
    jobs.filter((_, index) => index % 2 === half)
  );
  const outputs = await Promise.all(halves.map(async (half) => {
    const script = half.map(({ name, command }) =>
      `${command} 2>/dev/null || echo '${name}'`
    ).join("\n");
    const child = new Deno.Command("bash", {
      cwd: dir,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(script));
    await writer.close();
    const { stdout } = await child.output();
    return new TextDecoder().decode(stdout).split("\n").filter(Boolean);
  }));
  return outputs.flat();
}
