/**
 * Access by a list of rules, of which the first that fits decides.
 *
 * @module
 */
import type { AccessRequest } from "./access.ts";

/** Allows or denies some clients to read or write in some places. */
export interface AccessRule {
  /** What it decides. */
  readonly verdict: "allow" | "deny";
  /** SUBSCRIBE reads, SEND writes. */
  readonly access: "read" | "write" | "all";
  /**
   * `/queue/NAME` or `/topic/NAME`, with wildcards as in a subscription to
   * topics: levels are separated by dots or slashes, `*` is any one level, `>`
   * at the end is all that follows, including nothing. `/>` is everywhere.
   */
  readonly destination: string;
  /** Whether it is about this client. */
  readonly concerns: (client: AccessRequest) => boolean;
}

/** Finds the rule that decides. */
export class AccessRules<Rule extends AccessRule> {
  readonly #rules: readonly { rule: Rule; levels: readonly string[] }[];

  /**
   * Takes the rules in the order in which they are tried.
   *
   * @throws {SyntaxError} on a destination that no rule can have; its message says why
   */
  constructor(rules: readonly Rule[]) {
    this.#rules = rules.map((rule) => ({
      rule,
      levels: parsePattern(rule.destination),
    }));
  }

  /**
   * The first rule that fits; without one the request is to be denied.
   *
   * A client that subscribes to a pattern of topics reads all that it matches:
   * one rule must allow the whole of that, and none before may deny a part.
   */
  find(request: AccessRequest): Rule | undefined {
    const wanted = levelsOf(request.destination);
    return this.#rules.find(({ rule, levels }) =>
      (rule.access === "all" || rule.access === request.access) &&
      (rule.verdict === "allow" ? covers : overlaps)(levels, wanted) &&
      rule.concerns(request)
    )?.rule;
  }
}

/** With the kind of destination as the first level. */
function levelsOf(path: string): string[] {
  return path.slice(1).split(/[./]/);
}

function parsePattern(text: string): string[] {
  const levels = levelsOf(text);
  if (!/^\/(queue\/.|topic\/.|>$)/.test(text)) {
    throw new SyntaxError("it is neither /queue/NAME, /topic/NAME nor />");
  }
  if (levels.includes("")) throw new SyntaxError("it has an empty level");
  if (levels.some((level) => level === "#" || /[*>].|.[*>]/.test(level))) {
    throw new SyntaxError("its wildcards are not * or > as whole levels");
  }
  if (levels.slice(0, -1).includes(">")) {
    throw new SyntaxError("> is not its last level");
  }
  return levels;
}

/** Whether a pattern matches everything that another does. */
function covers(
  [own, ...rest]: readonly string[],
  [other, ...others]: readonly string[],
): boolean {
  if (own === ">") return true;
  if (own === undefined || other === undefined) return own === other;
  if (other === ">") return false;
  return (own === "*" || own === other) && covers(rest, others);
}

/** Whether there is anything that both patterns match. */
function overlaps(
  [own, ...rest]: readonly string[],
  [other, ...others]: readonly string[],
): boolean {
  if (own === ">" || other === ">") return true;
  if (own === undefined || other === undefined) return own === other;
  return (own === "*" || other === "*" || own === other) &&
    overlaps(rest, others);
}
