/**
 * The version of ssm.
 *
 * @module
 */

/** The same as in deno.json; a test holds the two together. */
export const VERSION = "0.1.0";
