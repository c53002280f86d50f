/**
 * What the rooms say while they work, and where it goes.
 *
 * @module
 */
export * from "./logger.ts";
export * from "./sinks.ts";
