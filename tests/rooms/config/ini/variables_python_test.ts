import assert from "node:assert/strict";
import { readSsm1Config } from "../../../../lib/config/mod.ts";
import { testWith } from "../../../peers/parts.ts";
import { file, SSM1 } from "../files/made_files.ts";
import { askPython } from "../../../peers/python_config.ts";
import { Random } from "../../../kit/random.ts";

const VARIABLES: Record<string, string> = {
  SSM_HOME: "/opt/apel/ssm",
  A: "a",
  A1: "$A/${A}",
  EMPTY: "",
  _x: "..",
  "odd name": "odd",
};

/** Every path is made of these. */
const PIECES = [
  "$SSM_HOME",
  "${SSM_HOME}",
  "$A",
  "${A}",
  "$A1",
  "$AA",
  "$EMPTY",
  "${EMPTY}",
  "$_x",
  "${odd name}",
  "${}",
  "${A",
  "$",
  "$$",
  "{A}",
  "$\u00e9",
  "$A\u00e9",
  "$A-b",
  "/",
  "/",
  "/",
  "//",
  ".",
  "..",
  "/../",
  "/./",
  "x",
  "\u00e9",
];

const PYTHON = `
import json, os, sys
print(json.dumps([os.path.normpath(os.path.expandvars(text)) for text in json.load(sys.stdin)]))
`;

testWith(
  ["python3-dirq"],
  "readSsm1Config() expands and tidies paths as Python does",
  async () => {
    const random = new Random(19);
    // Two slashes in front are kept by Python, and mean one slash.
    const texts = Array.from({ length: 2000 }, () => {
      const length = 1 + random.below(7);
      const pieces = Array.from(
        { length },
        () => random.pick(PIECES),
      );
      return `x${pieces.join("")}`;
    });
    texts.push("/", "/..", "/../", "/a/", "/a/..", "/a//b/./c/../d", ".", "./");
    const expected = await askPython<string[]>(PYTHON, texts, VARIABLES);
    texts.forEach((text, index) => {
      const pidfile = `pidfile = ${text}`;
      const { config } = readSsm1Config(file({ ...SSM1, pidfile }), {
        host: "host",
        pid: 1,
        variable: (name) => VARIABLES[name],
      });
      assert.equal(config.pidfile, expected[index], text);
    });
  },
);
