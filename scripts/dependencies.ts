/**
 * Everything that the executable contains besides the code of this repository:
 * `deno run --allow-run --allow-read scripts/dependencies.ts` prints it, each
 * with version, licence and reason, and fails when something is not accounted for.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** Why a package is there, and under which licence; `deno.lock` pins its content. */
interface Package {
  readonly licence: string;
  readonly reason: string;
}

/** npm packages, by name. */
const PACKAGES: Readonly<Record<string, Package>> = {};

/** The parts of Deno under Node's names that are used, and what for. */
const MODULES: Readonly<Record<string, string>> = {
  "node:buffer": "bytes for node:crypto; order of names by their bytes",
  "node:crypto": "RSA and ECDSA, digests, ciphers, random bytes",
  "node:dns": "all addresses of a broker's name",
  "node:events": "the end of a socket, awaited",
  "node:fs": "reading through a descriptor that was checked",
  "node:http": "HTTP/1.1 over connections of our own, for AMS",
  "node:net": "TCP",
  "node:path": "joining of paths",
  "node:process": "signals to other processes (is the pidfile's alive?)",
  "node:sqlite": "the embedded broker's store",
  "node:stream": "sockets as web streams",
  "node:timers/promises": "letting other work come in between",
  "node:tls": "TLS, with a verdict of our own on the certificate",
  "node:util": "options of the command line",
  "node:zlib": "SSM1's compression; checksums of files that are sent",
};

/** What `deno info --json` tells. */
interface Graph {
  readonly modules: readonly { readonly specifier: string }[];
  readonly npmPackages: Readonly<
    Record<string, { readonly name: string; readonly version: string }>
  >;
}

interface Lock {
  readonly npm?: Readonly<Record<string, { readonly integrity?: string }>>;
}

/** The lines to print, and what is not accounted for. */
export interface Account {
  readonly lines: readonly string[];
  readonly problems: readonly string[];
}

/** Compares what is imported with what is accounted for. */
export function account(
  { modules, npmPackages }: Graph,
  lock: Lock,
  denoVersion: string,
): Account {
  const lines = [
    `deno ${denoVersion}, MIT: the runtime, with V8 (BSD-3-Clause), SQLite (public domain), rustls (Apache-2.0) and others in it`,
  ];
  const problems: string[] = [];
  const used = new Set(modules.map(({ specifier }) => specifier));
  for (const specifier of [...used].sort()) {
    if (specifier.startsWith("file:") || specifier.startsWith("npm:")) continue;
    const reason = MODULES[specifier];
    if (reason === undefined) problems.push(`${specifier}: not accounted for`);
    else lines.push(`${specifier}, part of deno: ${reason}`);
  }
  for (const specifier of Object.keys(MODULES)) {
    if (!used.has(specifier)) problems.push(`${specifier}: not used any more`);
  }
  for (const [id, { name, version }] of Object.entries(npmPackages)) {
    const entry = PACKAGES[name];
    const integrity = lock.npm?.[id]?.integrity;
    if (entry === undefined) problems.push(`npm:${id}: not accounted for`);
    else if (integrity === undefined) {
      problems.push(`npm:${id}: not pinned in deno.lock`);
    } else {
      lines.push(
        `npm:${name} ${version}, ${entry.licence}: ${entry.reason} (${integrity})`,
      );
    }
  }
  if (Object.keys(npmPackages).length === 0) {
    lines.push("npm: no package");
  }
  return { lines, problems };
}

async function readLock(path: string): Promise<Lock> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

if (import.meta.main) {
  const root = (name: string) =>
    fileURLToPath(new URL(`../${name}`, import.meta.url));
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", root("main.ts")],
    stderr: "inherit",
  }).output();
  if (!success) Deno.exit(1);
  const graph: Graph = JSON.parse(new TextDecoder().decode(stdout));
  const lock = await readLock(root("deno.lock"));
  const { lines, problems } = account(graph, lock, Deno.version.deno);
  for (const line of lines) console.log(line);
  for (const problem of problems) console.error(problem);
  Deno.exit(problems.length > 0 ? 1 : 0);
}
