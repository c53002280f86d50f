/**
 * Scripts of commands as a user types them, with all that they say.
 *
 * A script begins with a transcript:
 *
 *     # a remark
 *     $ ssm reject list -c receiver.cfg
 *     what it says on standard output, line by line
 *     2> what it says on standard error
 *     [1]
 *
 * The last line is the exit status, if it is not 0. Then there may be files, each after
 * a line `-- NAME --`, which are written before the first command (as in the archives
 * of Go's `txtar`).
 *
 * Besides `ssm` there are `files DIR…`, which lists all files below, `cat FILE`, and
 * `rm FILE`; `> FILE` takes what a command says into a file. `$NAME` in a command is a
 * variable of the test, or what was remembered.
 *
 * In what is expected `<time>`, `<iso>`, `<age>`, `<n>`, `<id>` and `<any>` stand for
 * one such thing, `<dir>` for the directory of the script. `<id:x>` remembers it as
 * `$x`, and stands for just that from then on. Two blanks and more are any number of
 * them, since columns are as wide as what stands in them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ssm } from "./program.ts";

/** What a script is run with. */
export interface ScriptOptions {
  /** Where relative names begin; it must exist. */
  readonly dir: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** What placeholders stand for. */
const KINDS: Readonly<Record<string, string>> = {
  time: String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`,
  iso: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`,
  age: String.raw`\d+ (?:s|min|h|d)`,
  n: String.raw`\d+`,
  id: String.raw`(?:[0-9a-f]{8}/[0-9a-f]{14}|\d{8}-\d{6}-\d{3})`,
  any: ".*",
};

const PLACEHOLDER = /<(time|iso|age|n|id|any)(?::(\w+))?>/g;

/** One command, and what it is to say. */
interface Step {
  readonly command: string;
  readonly expected: readonly string[];
}

/** Runs a script; throws when it says anything else, and shows all of it. */
export async function runScript(
  path: string | URL,
  options: ScriptOptions,
): Promise<void> {
  const { steps, files } = parseScript(await Deno.readTextFile(path));
  for (const [name, text] of files) {
    await Deno.writeTextFile(join(options.dir, name), text);
  }
  const run = new Run(options);
  const actual: string[] = [];
  const expected: string[] = [];
  for (const step of steps) {
    actual.push(`$ ${step.command}`, ...await run.take(step), "");
    expected.push(`$ ${step.command}`, ...step.expected, "");
  }
  assert.equal(actual.join("\n"), expected.join("\n"));
}

/** Takes a script apart. */
export function parseScript(text: string): {
  steps: readonly Step[];
  files: ReadonlyMap<string, string>;
} {
  const [transcript = "", ...rest] = text.split(/^-- (.+) --\n/m);
  const files = new Map<string, string>();
  for (let i = 0; i < rest.length; i += 2) files.set(rest[i]!, rest[i + 1]!);
  const steps: { command: string; expected: string[] }[] = [];
  for (const line of transcript.trimEnd().split("\n")) {
    if (line.startsWith("#")) continue;
    if (line.startsWith("$ ")) {
      steps.push({ command: line.slice(2), expected: [] });
    } else if (steps.length > 0) steps.at(-1)!.expected.push(line);
    else assert.equal(line, "", "a script begins with a command");
  }
  // An empty line before the next command, or a remark, is for the reader.
  for (const { expected } of steps) {
    while (expected.at(-1) === "") expected.pop();
  }
  return { steps, files };
}

class Run {
  readonly #options: ScriptOptions;
  readonly #known = new Map<string, string>();

  constructor(options: ScriptOptions) {
    this.#options = options;
    for (const [name, value] of Object.entries(options.variables ?? {})) {
      this.#known.set(name, value);
    }
  }

  /** What the command says; where that is as expected, as it is written there. */
  async take({ command, expected }: Step): Promise<string[]> {
    const said = await this.#said(this.#words(command));
    while (said.at(-1) === "") said.pop();
    return said.map((line, i) => {
      const pattern = expected[i];
      return pattern !== undefined && this.#matches(pattern, line)
        ? pattern
        : line;
    });
  }

  /** A command by its words; quotation marks keep blanks together. */
  #words(command: string): string[] {
    const words = command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
    return words.map((word) =>
      word.replace(
        /\$(\w+)/g,
        (_, name) =>
          this.#known.get(name) ?? assert.fail(`$${name} is not known`),
      )
        .replace(/'([^']*)'|"([^"]*)"/g, (_, one, two) => one ?? two)
    );
  }

  async #said(words: string[]): Promise<string[]> {
    const redirected = words.at(-2) === ">" ? words.at(-1) : undefined;
    const [program = "", ...args] = redirected ? words.slice(0, -2) : words;
    const { stdout, stderr, status } = await this.#execute(program, args);
    const out = redirected === undefined ? stdout : "";
    if (redirected !== undefined) {
      await Deno.writeTextFile(join(this.#options.dir, redirected), stdout);
    }
    return [
      ...linesOf(out),
      ...linesOf(stderr).map((line) => `2> ${line}`),
      ...(status === 0 ? [] : [`[${status}]`]),
    ];
  }

  async #execute(program: string, args: string[]) {
    const { dir, env = {} } = this.#options;
    const said = (stdout: string) => ({ stdout, stderr: "", status: 0 });
    switch (program) {
      case "ssm":
        return await ssm(args, { cwd: dir, env });
      case "files":
        return said(
          args.flatMap((name) => filesBelow(dir, name)).sort().map((path) =>
            `${path}\n`
          ).join(""),
        );
      case "cat":
        return said(
          args.map((name) => Deno.readTextFileSync(join(dir, name))).join(""),
        );
      case "rm":
        for (const name of args) Deno.removeSync(join(dir, name));
        return said("");
    }
    return assert.fail(`no such program: ${program}`);
  }

  #matches(pattern: string, line: string): boolean {
    const names: string[] = [];
    const parts = pattern.replaceAll("<dir>", this.#options.dir).split(
      /(<(?:time|iso|age|n|id|any)(?::\w+)?>| {2,})/,
    );
    const expression = parts.map((part) => {
      if (/^ {2,}$/.test(part)) return " {2,}";
      const [, kind, name] = new RegExp(PLACEHOLDER.source).exec(part) ?? [];
      if (kind === undefined) return RegExp.escape(part);
      if (name === undefined) return KINDS[kind]!;
      const known = this.#known.get(name);
      if (known !== undefined) return RegExp.escape(known);
      if (names.includes(name)) return `\\k<${name}>`;
      names.push(name);
      return `(?<${name}>${KINDS[kind]!})`;
    }).join("");
    const match = new RegExp(`^${expression}$`, "u").exec(line);
    if (!match) return false;
    for (const name of names) this.#known.set(name, match.groups![name]!);
    return true;
  }
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** Files below a directory, by their names from `dir`; what begins with a dot is left out. */
function filesBelow(dir: string, name: string): string[] {
  return Array.from(Deno.readDirSync(join(dir, name))).flatMap((entry) => {
    if (entry.name.startsWith(".")) return [];
    const path = `${name}/${entry.name}`;
    return entry.isDirectory ? filesBelow(dir, path) : [path];
  });
}
