/**
 * One file of a spool, as the process that sends it sees it: `first_file.ts KIND PATH`.
 *
 * Claims the first file, gives it back, claims it again, reads and removes it;
 * prints each outcome as JSON.
 *
 * @module
 */
import { isSsmError } from "../../../lib/errors.ts";
import { DirqSimple, PlainDirectory } from "../../../lib/spool/mod.ts";

const [kind, path = ""] = Deno.args;
const spool = kind === "dirq"
  ? new DirqSimple(path)
  : new PlainDirectory(path, { minAgeMs: 0 });

async function main(): Promise<string[]> {
  const done: string[] = [];
  try {
    const [name = ""] = await spool.list();
    done.push(`lists ${name}`);
    const first = await spool.lock(name);
    done.push(first ? "claims it" : "does not get it");
    await first?.unlock();
    done.push(`leaves ${(await visible()).join(" ")}`);
    await using again = await spool.lock(name);
    const bytes = await again!.read();
    done.push(`reads ${new TextDecoder().decode(bytes)}`);
    await again!.remove();
    await spool.tidy();
    done.push(`leaves ${(await visible()).join(" ")}`);
  } catch (error) {
    if (!isSsmError(error)) throw error;
    done.push(`${error.message}; ${error.hint}`);
  }
  return done;
}

async function visible(): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(path));
  return entries.map(({ name }) => name).sort();
}

console.log(JSON.stringify(await main()));
