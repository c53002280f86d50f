/**
 * The variables that an SSM1 file may have in its values.
 *
 * @module
 */

/** What the variables stand for. */
export interface Surroundings {
  /** `$host`: the name of this machine. */
  readonly host: string;
  /** `$pid`: the number of this process. */
  readonly pid: number;
  /** The variable of the environment with this name. */
  variable(name: string): string | undefined;
}

/** A text without its variables. */
export interface Expanded {
  readonly text: string;
  /** Those that stand for nothing, as written; they are still in the text. */
  readonly unknown: readonly string[];
}

/**
 * Replaces `$NAME` and `${NAME}` as Python's `os.path.expandvars` does: names are
 * ASCII letters, digits and `_`, there is no way to quote a `$`, and what is put in
 * is not searched again.
 */
export function expandVariables(
  text: string,
  { host, pid, variable }: Surroundings,
): Expanded {
  const unknown: string[] = [];
  const expanded = text.replace(
    /\$(?:(\w+)|\{([^}]*)\})/g,
    (written, plain?: string, braced?: string) => {
      const name = plain ?? braced ?? "";
      const value = name === "host"
        ? host
        : name === "pid"
        ? String(pid)
        : variable(name);
      if (value === undefined) unknown.push(written);
      return value ?? written;
    },
  );
  return { text: expanded, unknown };
}
