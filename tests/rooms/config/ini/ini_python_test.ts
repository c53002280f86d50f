import assert from "node:assert/strict";
import { parseIni } from "../../../../lib/config/mod.ts";
import { testWith } from "../../../peers/parts.ts";
import { askPython } from "../../../peers/python_config.ts";
import { Random } from "../../../kit/random.ts";

/** Every line of a made-up file is one of these. */
const LINES = [
  "[a]",
  "[b]",
  "[a b]",
  "[DEFAULT]",
  "[default]",
  " [a]",
  "[a] x",
  "[a]]",
  "[]",
  "[ ]",
  "[open",
  "]",
  "[[c]",
  "x = 1",
  "x=2",
  "X : 3",
  "x:4",
  "  x = 5",
  "\tx = 6",
  "y = %(x)s",
  "y = %(X)s and %(y)s",
  "w = %(x)s%(z)s",
  "z = 100%%",
  "z = 50%",
  "z = %(x",
  "z = %(missing)s",
  "z = %%(x)s",
  "v = %(v)s",
  "u = %(w)s-%(w)s",
  "# comment",
  "; comment",
  "  # comment",
  "x # y = 7",
  "q = 1 ; 2",
  "q = # 3",
  "",
  "",
  " ",
  "\t",
  "  more",
  "    more",
  "\tmore = 1",
  "  [a]",
  "nothing",
  "=",
  ":",
  "= x",
  " : x",
  "e =",
  "f:",
  "g = = h",
  "long name = 8",
  "ümlaut = É",
  "Ä = 9",
  "\u00a0n = 1",
  "n\u00a0= 1",
  "\u3000n = 1",
  "i\u001c= 1",
  "\u001ci = 2",
  "j = a\u0085",
  "k = a\u2028b",
  "l = \u000bz",
  "\u000bm = 1",
  "r1 = %(x)s",
  "r2 = %(r1)s",
  "r3 = %(r2)s",
  "r4 = %(r3)s",
  "r5 = %(r4)s",
  "r6 = %(r5)s",
  "r7 = %(r6)s",
  "r8 = %(r7)s",
  "r9 = %(r8)s",
  "ra = %(r9)s",
  "rb = %(ra)s",
  "rc = %(rb)s",
  "rd = %%%(rc)s",
];

const ENDS = ["\n", "\n", "\n", "\r\n", "\r"];

const PYTHON = `
import configparser, io, json, sys
def read(text):
    parser = configparser.ConfigParser()
    try:
        parser.read_file(io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
    except configparser.Error:
        return None
    found = {}
    for section in parser.sections():
        found[section] = {}
        for option in parser.options(section):
            try:
                found[section][option] = parser.get(section, option)
            except configparser.Error:
                found[section][option] = None
    return found
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
`;

testWith(
  ["python3-dirq"],
  "parseIni() reads and refuses the same files as Python",
  async () => {
    const random = new Random(20_261_120);
    const texts = Array.from({ length: 3000 }, () => {
      const length = 1 + random.below(14);
      const lines = Array.from(
        { length },
        () => random.pick(LINES) + random.pick(ENDS),
      );
      // Most files should get past the first line.
      return (random.below(4) > 0 ? "[s]\n" : "") + lines.join("");
    });
    texts.push(`[s]\n${LINES.slice(-13).join("\n")}\nx = 1\n`);
    const expected = await askPython<Found[]>(PYTHON, texts);
    texts.forEach((text, index) => {
      assert.deepEqual(
        ours(text, expected[index]),
        expected[index],
        JSON.stringify(text),
      );
    });
    const readable = expected.filter((found) => found !== null).length;
    assert.ok(readable > 300 && readable < 2700, `${readable} are readable`);
  },
);

type Found = Record<string, Record<string, string | null>> | null;

function ours(text: string, theirs: Found | undefined): Found {
  let ini;
  try {
    ini = parseIni(text, "F");
  } catch {
    return null;
  }
  const found: NonNullable<Found> = {};
  for (const section of ini.sections()) {
    const names = new Set(ini.options(section).map(({ name }) => name));
    for (const name of Object.keys(theirs?.[section] ?? {})) {
      if (ini.find(section, name)) names.add(name);
    }
    const values: Record<string, string | null> = {};
    for (const name of names) {
      try {
        values[name] = ini.get(section, name) ?? null;
      } catch {
        values[name] = null;
      }
    }
    found[section] = values;
  }
  return found;
}
