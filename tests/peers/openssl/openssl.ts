/**
 * Small certificate authorities, made with the `openssl` program.
 *
 * @module
 */
import { type KeyKind, openssl, testKey } from "./openssl_command.ts";
import { text } from "../../kit/text.ts";

export {
  type KeyKind,
  openssl,
  type OpensslOptions,
  type OpensslResult,
  pemBytes,
  testKey,
  tryOpenssl,
} from "./openssl_command.ts";

/** A certificate and its key, in memory and on disk. */
export interface Credentials {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly certificatePath: string;
  readonly keyPath: string;
}

/** What a certificate is to say. */
export interface IssueOptions {
  /** As in `openssl -subj`: `/C=UK/O=Test/CN=host`, `+` between parts of one RDN. */
  subject: string;
  /**
   * The key in PEM, or its kind: a new one of a curve, the shared one of RSA.
   * @default "P-256"
   */
  key?: KeyKind | { pem: string };
  /** @default now, or an hour ago if `notAfter` is given */
  notBefore?: Date;
  /** @default in thirty days */
  notAfter?: Date;
  /** Lines of an OpenSSL extension section. */
  extensions?: readonly string[];
  /** @default "sha256" */
  digest?: string;
}

/** Extensions of an authority. */
export const CA_EXTENSIONS: readonly string[] = [
  "basicConstraints=critical,CA:TRUE",
  "keyUsage=critical,keyCertSign,cRLSign",
  "subjectKeyIdentifier=hash",
];

/** Extensions of a grid host, good as TLS server and client on this machine. */
export const HOST_EXTENSIONS: readonly string[] = [
  "basicConstraints=critical,CA:FALSE",
  "keyUsage=critical,digitalSignature,keyEncipherment",
  "extendedKeyUsage=serverAuth,clientAuth",
  "subjectKeyIdentifier=hash",
  "authorityKeyIdentifier=keyid",
  "subjectAltName=DNS:localhost,IP:127.0.0.1",
];

/** What a CRL is to say. */
export interface CrlOptions {
  /** Certificates to revoke, beside those revoked before. */
  revoke?: readonly Credentials[];
  /** @default an hour ago */
  thisUpdate?: Date;
  /** @default in thirty days */
  nextUpdate?: Date;
  /** Lines of an OpenSSL CRL extension section. */
  extensions?: readonly string[];
  /** @default "sha256" */
  digest?: string;
}

const HOUR_MS = 3_600_000;

/** A certificate authority in a directory of its own. */
export class TestCa {
  readonly #dir: string;
  readonly #self: Credentials;
  /** `openssl ca` keeps its state in files, so calls take turns. */
  #turn: Promise<unknown> = Promise.resolve();
  #files = 0;

  private constructor(dir: string, self: Credentials) {
    this.#dir = dir;
    this.#self = self;
  }

  /** Makes a self-signed authority; its directory is made below `parent`. */
  static async create(
    parent: string,
    options: IssueOptions,
  ): Promise<TestCa> {
    const dir = await makeCaDirectory(parent);
    const self = await issue({ dir, file: "ca", selfSigned: true }, {
      extensions: CA_EXTENSIONS,
      ...options,
    });
    return new TestCa(dir, self);
  }

  /** An authority below this one. */
  async intermediate(options: IssueOptions): Promise<TestCa> {
    const self = await this.issue({
      extensions: [...CA_EXTENSIONS, "authorityKeyIdentifier=keyid"],
      ...options,
    });
    const dir = await makeCaDirectory(this.#dir);
    return new TestCa(dir, self);
  }

  /** The authority's own certificate and key. */
  get credentials(): Credentials {
    return this.#self;
  }

  /** Issues a certificate; without extensions named, one of a grid host. */
  issue(options: IssueOptions): Promise<Credentials> {
    const file = `issued-${++this.#files}`;
    return this.#inTurn(() =>
      issue({ dir: this.#dir, file, signer: this.#self }, {
        extensions: HOST_EXTENSIONS,
        ...options,
      })
    );
  }

  /** A new CRL, in PEM. */
  crl(options: CrlOptions = {}): Promise<string> {
    const {
      revoke = [],
      thisUpdate = new Date(Date.now() - HOUR_MS),
      nextUpdate = new Date(Date.now() + 30 * 24 * HOUR_MS),
      extensions = [],
      digest = "sha256",
    } = options;
    return this.#inTurn(async () => {
      const config = `${this.#dir}/crl.cnf`;
      await Deno.writeTextFile(
        config,
        caConfig(this.#dir, this.#self) + section("crl_ext", extensions),
      );
      for (const { certificatePath } of revoke) {
        await openssl(["ca", "-config", config, "-revoke", certificatePath]);
      }
      return text(
        await openssl([
          ...["ca", "-config", config, "-gencrl", "-md", digest],
          ...["-crl_lastupdate", caTime(thisUpdate)],
          ...["-crl_nextupdate", caTime(nextUpdate)],
          ...(extensions.length > 0 ? ["-crlexts", "crl_ext"] : []),
        ]),
      );
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/**
 * Writes a CA directory: each PEM text (certificate or CRL) in a file, and the
 * hashed links to them.
 */
export async function writeCaDirectory(
  dir: string,
  pems: readonly string[],
): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
  for (const [index, pem] of pems.entries()) {
    await Deno.writeTextFile(`${dir}/file-${index}.pem`, pem);
  }
  await openssl(["rehash", dir]);
}

interface Issuing {
  readonly dir: string;
  readonly file: string;
  readonly selfSigned?: boolean;
  readonly signer?: Credentials;
}

async function issue(
  { dir, file, selfSigned = false, signer }: Issuing,
  options: IssueOptions,
): Promise<Credentials> {
  const { subject, key = "P-256", extensions = [], digest = "sha256" } =
    options;
  const certificatePath = `${dir}/${file}.pem`;
  const keyPath = `${dir}/${file}.key`;
  const self = { certificatePem: "", keyPem: "", certificatePath, keyPath };
  const config = `${dir}/${file}.cnf`;
  await Deno.writeTextFile(
    config,
    caConfig(dir, signer ?? self) + section("ext", extensions),
  );
  const request = [
    ...["req", "-config", config, "-utf8", "-subj", subject],
    ...await keyArguments(key, keyPath),
  ];
  const issuer = signer ?? self;
  const asked = options.notBefore ?? options.notAfter;
  // One run does for most certificates, but it can set neither date, nor
  // leave all extensions out.
  if (!asked && extensions.length > 0) {
    await openssl([
      ...request,
      ...["-x509", "-days", "30", `-${digest}`, "-extensions", "ext"],
      ...(selfSigned
        ? []
        : ["-CA", issuer.certificatePath, "-CAkey", issuer.keyPath]),
      ...["-out", certificatePath],
    ]);
  } else {
    const {
      notBefore = new Date(Date.now() - HOUR_MS),
      notAfter = new Date(Date.now() + 30 * 24 * HOUR_MS),
    } = options;
    const stdin = await openssl([...request, "-new"]);
    await openssl([
      ...["ca", "-config", config, "-batch", "-notext", "-preserveDN"],
      ...(selfSigned ? ["-selfsign"] : []),
      ...["-startdate", caTime(notBefore), "-enddate", caTime(notAfter)],
      ...["-md", digest],
      ...(extensions.length > 0 ? ["-extensions", "ext"] : []),
      ...["-in", "/dev/stdin", "-out", certificatePath],
    ], { stdin });
  }
  return {
    certificatePath,
    keyPath,
    certificatePem: await Deno.readTextFile(certificatePath),
    keyPem: await Deno.readTextFile(keyPath),
  };
}

/** Arguments of `openssl req` for a key that lies at `path` afterwards. */
async function keyArguments(
  key: KeyKind | { pem: string },
  path: string,
): Promise<string[]> {
  if (typeof key !== "string" || key.startsWith("rsa")) {
    const pem = typeof key === "string" ? await testKey(key) : key.pem;
    await Deno.writeTextFile(path, pem, { mode: 0o600 });
    return ["-key", path];
  }
  const kind = key === "ed25519"
    ? ["ed25519"]
    : ["ec", "-pkeyopt", `ec_paramgen_curve:${key}`];
  return ["-newkey", ...kind, "-nodes", "-keyout", path];
}

async function makeCaDirectory(parent: string): Promise<string> {
  const dir = await Deno.makeTempDir({ dir: parent, prefix: "ca-" });
  await Deno.mkdir(`${dir}/certs`);
  await Deno.writeTextFile(`${dir}/index.txt`, "");
  await Deno.writeTextFile(`${dir}/crlnumber`, "01\n");
  return dir;
}

function caConfig(dir: string, signer: Credentials): string {
  return `
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = authority
[authority]
certificate = ${signer.certificatePath}
private_key = ${signer.keyPath}
database = ${dir}/index.txt
new_certs_dir = ${dir}/certs
crlnumber = ${dir}/crlnumber
rand_serial = yes
unique_subject = no
email_in_dn = yes
default_md = sha256
policy = anything
[anything]
commonName = optional
`;
}

function section(name: string, lines: readonly string[]): string {
  return `[${name}]\n${lines.join("\n")}\n`;
}

/** `YYYYMMDDHHMMSSZ`, which `openssl ca` takes for both time types. */
function caTime(date: Date): string {
  return date.toISOString().replace(/[-:T]/g, "").slice(0, 14) + "Z";
}
