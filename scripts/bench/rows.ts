/**
 * The rows of a table of figures.
 *
 * @module
 */

/** What was measured of one case. */
export interface Outcome {
  /** Messages per second. */
  readonly ssm: number;
  /** Of what it is compared with, in the same run. */
  readonly reference: number;
  readonly peakMb: number;
}

/** Prints one outcome beside its aim. */
export function showRatio(
  { name, aim }: { readonly name: string; readonly aim: number },
  { ssm, reference, peakMb }: Outcome,
): void {
  showRow(
    name,
    `${ssm.toFixed(0)}/s`,
    `${reference.toFixed(reference < 10 ? 1 : 0)}/s`,
    `${(ssm / reference).toFixed(1)}x`,
    `${aim}x`,
    `${peakMb.toFixed(0)} MB`,
  );
}

/** Prints a row. */
export function showRow(name: string, ...cells: string[]): void {
  console.log(
    name.padEnd(28) + cells.map((cell) => cell.padStart(15)).join(""),
  );
}
