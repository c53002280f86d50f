/**
 * What the value of a key of SSM1 may be, where it differs from other files.
 *
 * @module
 */
import { posix } from "node:path";
import { type Kind, path } from "../schema/kinds.ts";

/** True unless it is the word `false`, exactly as the original compares it. */
export const unlessFalse: Kind<boolean> = {
  allowed: "true or false; anything but false is true",
  parse: (value) => value === "" ? undefined : value !== "false",
};

/** True if it is the word `true`, exactly as the original compares it. */
export const onlyTrue: Kind<boolean> = {
  allowed: "true or false; anything but true is false",
  parse: (value) => value === "" ? undefined : value === "true",
};

/** As Python's `os.path.normpath` writes it. */
export const normalPath: Kind<string> = {
  allowed: path.allowed,
  parse(value) {
    const given = path.parse(value);
    return given && posix.normalize(given).replace(/(?<=.)\/$/, "");
  },
};

/** A DN in slash form. */
export const dn: Kind<string> = {
  allowed: "a DN in the form /C=UK/O=eScience/CN=host.example.org",
  parse: (value) => /^\/[^\p{C}]*=[^\p{C}]*$/u.test(value) ? value : undefined,
};
