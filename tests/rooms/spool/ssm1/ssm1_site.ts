/**
 * The directories of SSM1, as tests look at them.
 *
 * @module
 */
import { namesIn } from "../../../kit/disk/directories.ts";

/** Names in a directory, sorted; hidden ones not, as a consumer of `incoming` would see them. */
export function visibleIn(directory: string): string[] {
  return namesIn(directory).filter((name) => !name.startsWith("."));
}

/** Names that are not visible yet. */
export function hiddenIn(directory: string): string[] {
  return namesIn(directory).filter((name) => name.startsWith(".tmp"));
}

/** The bodies among the names of a directory. */
export function bodiesIn(directory: string): string[] {
  return visibleIn(directory).filter((name) =>
    !/\.(sig|err|count)$/.test(name)
  );
}
