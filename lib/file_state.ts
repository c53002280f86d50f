/**
 * Whether a file is still what it was, as far as can be told without reading it.
 *
 * @module
 */

/** What the system says of a file that bears on it. */
export interface FileInfo {
  readonly dev: number;
  readonly ino: number | null;
  readonly size: number;
  readonly mtime: Date | null;
}

/** Which file it is, and what changes when somebody writes to it. */
export interface FileState {
  readonly dev: number;
  readonly ino: number | null;
  /** In bytes. */
  readonly size: number;
  /** In ms since 1970; 0 when the file system does not say. */
  readonly modified: number;
}

/** The state of a file at the time of a look at it. */
export function fileState({ dev, ino, size, mtime }: FileInfo): FileState {
  return { dev, ino, size, modified: mtime?.getTime() ?? 0 };
}

/** The same as text: another one when it is another file, or was written to. */
export function fileStamp(info: FileInfo): string {
  const { dev, ino, size, modified } = fileState(info);
  return `${modified}:${size}:${dev}:${ino}`;
}

/**
 * How long ago a file was written to, in ms. A time in the future is a wrong
 * clock, not a file that is being written: it counts like one as far back.
 */
export function fileAgeMs(
  { mtime }: Pick<FileInfo, "mtime">,
  now: Date,
): number {
  return Math.abs(now.getTime() - (mtime?.getTime() ?? 0));
}
