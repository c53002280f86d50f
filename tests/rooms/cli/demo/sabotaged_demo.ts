/**
 * The program, except that its demonstration finds the world changed behind its
 * back, at the line of its story where nothing else can happen in between. What
 * is done is in the file `sabotage` of the directory for temporary files.
 *
 * @module
 */
import { dirname } from "node:path";
import { processTerminal } from "../../../../lib/cli/command/terminal.ts";
import { run } from "../../../../lib/cli/mod.ts";

const terminal = processTerminal();
let site = "";

function sabotage(line: string): void {
  site = /^ +directory +(\S+)$/.exec(line)?.[1] ?? site;
  if (site === "") return;
  const how = Deno.readTextFileSync(`${dirname(site)}/sabotage`);
  if (how === "bytes" && line.startsWith("3. ")) {
    const queue = `${site}/sender/outgoing`;
    const [directory] = Deno.readDirSync(queue);
    const [file] = Deno.readDirSync(`${queue}/${directory!.name}`);
    const path = `${queue}/${directory!.name}/${file!.name}`;
    Deno.writeTextFileSync(path, "one line more\n", { append: true });
  }
  const stranger = /^ +stranger +(.*)$/.exec(line)?.[1];
  if (how === "stranger" && stranger !== undefined) {
    Deno.writeTextFileSync(`${site}/dns`, `${stranger}\n`, { append: true });
  }
}

Deno.exit(
  await run(Deno.args, {
    ...terminal,
    out(line) {
      sabotage(line);
      terminal.out(line);
    },
  }),
);
