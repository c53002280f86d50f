/**
 * The names that dirq gives to directories and elements.
 *
 * @module
 */

import type { Clock } from "../../time/mod.ts";

/** An intermediate directory. */
export const DIRECTORY_NAME = /^[0-9a-f]{8}$/;

/** An element within its intermediate directory. */
export const ELEMENT_NAME = /^[0-9a-f]{14}$/;

/** An element as the queue names it. */
export const ELEMENT_PATH = /^[0-9a-f]{8}\/[0-9a-f]{14}$/;

/** A field of an element of a Queue; `locked` is its lock. */
export const FIELD_NAME = /^(?!locked$)[0-9A-Za-z]+$/;

/** When an element got this name, in ms since 1970, whole. */
export function timeOfName(element: string): number {
  const seconds = parseInt(element.slice(0, 8), 16);
  return seconds * 1000 + Math.floor(parseInt(element.slice(8, 13), 16) / 1000);
}

/** Makes element names: seconds (8 digits), microseconds (5) and a digit of the process (1), in hexadecimal. */
export class ElementNames {
  readonly #clock: Clock;
  readonly #digit = Math.floor(Math.random() * 16).toString(16);
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The next name: greater than every name this object made before. */
  next(): string {
    this.#last = Math.max(
      this.#clock.date().getTime() * 1000,
      this.#last + 1,
    );
    const seconds = Math.floor(this.#last / 1_000_000);
    const micros = this.#last % 1_000_000;
    return hex(seconds, 8) + hex(micros, 5) + this.#digit;
  }
}

/** `value` as lower-case hexadecimal of at least `width` digits. */
export function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, "0");
}
