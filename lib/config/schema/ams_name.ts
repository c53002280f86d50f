/**
 * Names of projects, topics and subscriptions of the ARGO Messaging Service.
 *
 * @module
 */
import type { Kind } from "./kinds.ts";

/** What the service takes for a name; anything else it answers with status 400. */
export const amsName: Kind<string> = {
  allowed: "a name of ASCII letters, digits, _ and -",
  parse: (value) => /^[A-Za-z0-9_-]+$/.test(value) ? value : undefined,
  fault(value) {
    if (value.includes("/")) {
      return "the name stands alone, without a path";
    }
    // GOCDB and the operations manuals write the service type.
    return value.includes(".")
      ? "AMS has - for each . of a service type"
      : undefined;
  },
};
