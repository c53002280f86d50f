/**
 * The `openssl` program as the other side of the tests.
 *
 * @module
 */
import { text } from "../../kit/text.ts";

/** How {@linkcode openssl} is to be run. */
export interface OpensslOptions {
  stdin?: Uint8Array | string;
  cwd?: string;
}

/** What a run of `openssl` gave. */
export interface OpensslResult {
  readonly success: boolean;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** Runs `openssl`, whatever comes of it. */
export async function tryOpenssl(
  args: readonly string[],
  { stdin, cwd }: OpensslOptions = {},
): Promise<OpensslResult> {
  const child = new Deno.Command("openssl", {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) await feed(child.stdin, stdin);
  const { success, stdout, stderr } = await child.output();
  return { success, stdout, stderr: new TextDecoder().decode(stderr) };
}

/** Runs `openssl`, which must succeed; returns its standard output. */
export async function openssl(
  args: readonly string[],
  options: OpensslOptions = {},
): Promise<Uint8Array> {
  const { success, stdout, stderr } = await tryOpenssl(args, options);
  if (!success) throw new Error(`openssl ${args.join(" ")} failed: ${stderr}`);
  return stdout;
}

async function feed(
  stdin: WritableStream<Uint8Array>,
  input: Uint8Array | string,
): Promise<void> {
  const writer = stdin.getWriter();
  const bytes = typeof input === "string"
    ? new TextEncoder().encode(input)
    : input;
  try {
    await writer.write(bytes);
    await writer.close();
  } catch (error) {
    // A program that has seen enough need not read the rest.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Kinds of keys: `rsa:BITS`, a curve, Ed25519. */
export type KeyKind =
  | "rsa:1024"
  | "rsa:2048"
  | "rsa:4096"
  | "P-256"
  | "P-384"
  | "P-521"
  | "ed25519";

const keys = new Map<string, Promise<string>>();

/**
 * A private key in PKCS#8 PEM. Making one is slow, so the same kind and number
 * give the same key during the life of the process.
 */
export function testKey(kind: KeyKind, number = 0): Promise<string> {
  const id = `${kind}#${number}`;
  let key = keys.get(id);
  if (!key) keys.set(id, key = makeKey(kind));
  return key;
}

async function makeKey(kind: KeyKind): Promise<string> {
  const [family, bits] = kind.split(":");
  const how = bits
    ? ["-algorithm", family!, "-pkeyopt", `rsa_keygen_bits:${bits}`]
    : kind === "ed25519"
    ? ["-algorithm", "ed25519"]
    : ["-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${kind}`];
  return text(await openssl(["genpkey", ...how]));
}

/** The bytes inside the first block of a PEM text. */
export function pemBytes(pem: string): Uint8Array<ArrayBuffer> {
  const base64 = /-----BEGIN [^-]+-----([^-]+)-----END/.exec(pem)?.[1] ?? "";
  return Uint8Array.fromBase64(base64);
}
