/**
 * A tuple of arguments as Python code, such as `('/var/log/ssm.log', 'a', 10*1024)`:
 * taken apart, never evaluated.
 *
 * @module
 */

/** One argument. */
export interface PythonArgument {
  /** As written. */
  readonly source: string;
  /** Its value, if it is nothing but a string. */
  readonly text: string | undefined;
}

/** A string with its quotes, then brackets, commas and all else. */
const TOKEN =
  /[ruRU]?(?:'(?:[^'\\\n]|\\[^\n])*'|"(?:[^"\\\n]|\\[^\n])*")|[([{]|[)\]}]|,|[^'"()[\]{},]/g;

/**
 * The arguments of a tuple; `undefined` when the brackets and quotes do not match.
 * One value in brackets is taken for a tuple of one, though Python wants a comma.
 */
export function pythonArguments(code: string): PythonArgument[] | undefined {
  const [, inside] = /^\((.*)\)$/s.exec(code.trim()) ?? [];
  if (inside === undefined) return undefined;
  const sources: string[] = [];
  let source = "";
  let depth = 0;
  let seen = 0;
  for (const [token] of inside.matchAll(TOKEN)) {
    seen += token.length;
    if (token === "," && depth === 0) {
      sources.push(source.trim());
      source = "";
      continue;
    }
    if (/^[([{]$/.test(token)) depth++;
    if (/^[)\]}]$/.test(token)) depth--;
    if (depth < 0) return undefined;
    source += token;
  }
  // What is no token is a quote without its other half.
  if (seen !== inside.length || depth !== 0) return undefined;
  // A comma behind the last argument is usual.
  if (source.trim() !== "") sources.push(source.trim());
  if (sources.includes("")) return undefined;
  return sources.map((source) => ({ source, text: stringOf(source) }));
}

/** A string whose escapes, if any, stand for quotes and backslashes. */
const STRING =
  /^([ruRU]?)(?:'((?:[^'\\\n]|\\['"\\])*)'|"((?:[^"\\\n]|\\['"\\])*)")$/;

function stringOf(source: string): string | undefined {
  const [, prefix = "", single, double] = STRING.exec(source) ?? [];
  const body = single ?? double;
  if (body === undefined) return undefined;
  // In a raw string a backslash is itself: nothing for the path of a log.
  if (/r/i.test(prefix) && body.includes("\\")) return undefined;
  return body.replace(/\\(.)/g, "$1");
}
