import assert from "node:assert/strict";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  configReference,
  withReference,
} from "../../scripts/config_reference.ts";
import { brokenLinks, type Page } from "./links.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Markdown without the spaces by which a formatter aligns tables. */
function plain(markdown: string): string {
  return markdown.replace(/-{3,}/g, "---").replace(/[ \n]+/g, " ").trim();
}

async function pages(): Promise<Page[]> {
  const found: Page[] = [];
  for (const directory of [".", "docs"]) {
    for await (const { name } of Deno.readDir(resolve(ROOT, directory))) {
      if (!name.endsWith(".md")) continue;
      const path = relative(ROOT, resolve(ROOT, directory, name));
      found.push({ path, text: await Deno.readTextFile(resolve(ROOT, path)) });
    }
  }
  return found;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(resolve(ROOT, path));
    return true;
  } catch {
    return false;
  }
}

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(resolve(ROOT, path));
}

Deno.test("docs/configuration.md lists every key of every file as the tables say it", async () => {
  const page = await read("docs/configuration.md");
  assert.equal(plain(page), plain(withReference(page)), "deno task reference");
});

Deno.test("withReference() replaces what stands between the marks, and nothing else", () => {
  const page =
    "Before\n<!-- reference -->\n\n### [old]\n\n<!-- /reference -->\nAfter $1\n";
  const written = withReference(page);
  assert.equal(
    written,
    `Before\n<!-- reference -->\n\n${configReference()}\n<!-- /reference -->\nAfter $1\n`,
  );
  assert.equal(withReference(written), written);
  assert.throws(() => withReference("No marks"), RangeError);
});

Deno.test("README.md has at most 250 lines, and names every other document", async () => {
  const readme = await read("README.md");
  assert.ok(readme.trimEnd().split("\n").length <= 250);
  for (const { path } of await pages()) {
    if (path !== "README.md") assert.ok(readme.includes(`](${path})`), path);
  }
});

Deno.test("every link from one document to another leads somewhere", async () => {
  const all = await pages();
  assert.ok(all.length >= 10);
  assert.deepEqual(brokenLinks(all, exists), []);
});

Deno.test("every file of the project that a document names is there", async () => {
  const missing: string[] = [];
  for (const { path, text } of await pages()) {
    // It tells of times when other files were there.
    if (path === "CHANGELOG.md") continue;
    const named = text.matchAll(
      /`((?:lib|tests|scripts|conf|docs|\.ci)\/[^`\s]*)`/g,
    );
    for (const [, file] of named) {
      if (!exists(file!)) missing.push(`${path}: ${file}`);
    }
  }
  assert.deepEqual(missing, []);
});

Deno.test("brokenLinks() finds files, headings and addresses that are not there", () => {
  const text = `# A title

[good](docs/b.md) [too](docs/b.md#what-it-says-and-does) [here](#a-title)
[twice](docs/b.md#twice-1) [outside](https://example.org/#x)
[no file](c.md) [no heading](docs/b.md#nothing) [nor here](#nowhere)
\`[in code](d.md)\`

10. In a list,
    [indented](e.md).

\`\`\`md
[fenced](f.md)
## Fenced
\`\`\`

[not a heading](#fenced)
[by reference][one]

[one]: g.md
`;
  const other = `# B

## What it \`says\`, and does?

[back](../a.md#a-title) [astray](a.md)

## Twice

## Twice
`;
  const found = brokenLinks(
    [{ path: "a.md", text }, { path: "docs/b.md", text: other }],
    (path) => ["a.md", "docs/b.md"].includes(path),
  );
  assert.deepEqual(found, [
    "a.md: c.md",
    "a.md: docs/b.md#nothing",
    "a.md: #nowhere",
    "a.md: e.md",
    "a.md: #fenced",
    "a.md: g.md",
    "docs/b.md: a.md",
  ]);
});
