/**
 * Links between Markdown documents, and whether they lead somewhere.
 *
 * @module
 */
import { posix } from "node:path";

/** A document: its path from the root of the project, and its text. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/**
 * The links that lead to no file, or to no heading, each as `page: target`, in
 * the order of the pages. Addresses of other hosts are not looked at.
 *
 * @param exists whether there is such a file or directory, by its path from the
 * root of the project
 */
export function brokenLinks(
  pages: readonly Page[],
  exists: (path: string) => boolean,
): string[] {
  const anchors = new Map(
    pages.map(({ path, text }) => [path, anchorsOf(prose(text))]),
  );
  const broken: string[] = [];
  for (const { path, text } of pages) {
    for (const target of targetsOf(prose(text))) {
      if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const full = file === ""
        ? path
        : posix.join(posix.dirname(path), decodeURI(file));
      const found = exists(full) &&
        (anchor === undefined || anchors.get(full)?.has(anchor) === true);
      if (!found) broken.push(`${path}: ${target}`);
    }
  }
  return broken;
}

/** The text without its fenced code, which holds neither links nor headings. */
function prose(markdown: string): string {
  return markdown.replace(/^(`{3,})[^\n]*\n.*?^\1 *$/gms, "");
}

function* targetsOf(prose: string): Generator<string> {
  const linked = prose.replace(/`[^`\n]*`/g, "");
  for (const [, target] of linked.matchAll(/\]\(([^)\s]+)(?:\s[^)]*)?\)/g)) {
    yield target!;
  }
  for (const [, target] of linked.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)) {
    yield target!;
  }
}

/** The names of headings as GitHub and GitLab make them. */
function anchorsOf(prose: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of prose.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const name = heading!.toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
    let unique = name;
    for (let n = 1; anchors.has(unique); n++) unique = `${name}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}
