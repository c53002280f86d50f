/**
 * Tests with programs that others wrote, some of which have known gaps.
 *
 * @module
 */
import { KNOWN_GAPS } from "./known_gaps.ts";
import { type Part, testWith } from "./parts.ts";

/**
 * Registers a test with a foreign program. One that is listed as a known gap
 * must fail, so that a gap which has closed is noticed.
 */
export function testStranger(
  { peer, parts }: { peer: string; parts: readonly Part[] },
  what: string,
  fn: () => Promise<void>,
): void {
  const gap = KNOWN_GAPS.find((one) => one.peer === peer && one.what === what);
  const name = `${peer}: ${what}`;
  if (gap === undefined) return testWith(parts, name, fn);
  testWith(parts, `${name} (a known gap: ${gap.why})`, async () => {
    try {
      await fn();
    } catch {
      return;
    }
    throw new Error(
      `The known gap "${name}" has closed: take it off tests/peers/known_gaps.ts`,
    );
  });
}
