/**
 * Time: a clock, waiting, and how long to wait before trying again.
 *
 * @module
 */
export * from "./clock.ts";
export * from "./waiting.ts";
