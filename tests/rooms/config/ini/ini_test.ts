import assert from "node:assert/strict";
import {
  ConfigError,
  type Ini,
  parseIni,
  readIni,
} from "../../../../lib/config/mod.ts";

Deno.test("parseIni() reads both separators, trims, and lowers the names of options", () => {
  const ini = parse(
    "[broker]\nHost = a.example \nport: 61613\nboth : a = b\nempty =\n",
  );
  assert.equal(ini.get("broker", "host"), "a.example");
  assert.equal(ini.get("broker", "port"), "61613");
  assert.equal(ini.get("broker", "both"), "a = b");
  assert.equal(ini.get("broker", "empty"), "");
  assert.equal(ini.get("broker", "absent"), undefined);
  assert.equal(ini.get("Broker", "host"), undefined);
});

Deno.test("parseIni() knows comment lines and no comments behind a value", () => {
  const ini = parse("# one\n[a]\n  ; two\nk = v ; not # this\n");
  assert.equal(ini.get("a", "k"), "v ; not # this");
});

Deno.test("parseIni() joins indented lines", () => {
  const ini = parse("[a]\nk = one\n  two\n\n  # comment\n\tthree\n\n[b]\n");
  assert.equal(ini.get("a", "k"), "one\ntwo\n\nthree");
});

Deno.test("parseIni() gives the options of DEFAULT to every section", () => {
  const ini = parse(
    "[DEFAULT]\nk = d\nbase = /var\n[a]\n[b]\nk = b\np = %(base)s/x\n",
  );
  assert.deepEqual(ini.sections(), ["a", "b"]);
  assert.equal(ini.get("a", "k"), "d");
  assert.equal(ini.get("b", "k"), "b");
  assert.equal(ini.get("b", "p"), "/var/x");
  assert.deepEqual(ini.options("a"), []);
});

Deno.test("parseIni() accepts a byte order mark, CRLF and CR", () => {
  const ini = parse("\ufeff[a]\r\nk = v\r\n  w\rl = x");
  assert.equal(ini.get("a", "k"), "v\nw");
  assert.equal(ini.get("a", "l"), "x");
  assert.equal(ini.find("a", "l")?.line, 4);
});

const MALFORMED: [text: string, line: number, message: string][] = [
  [
    "k = v\n",
    1,
    'Cannot use F, line 1: "k…" comes before the first [section]',
  ],
  [
    "[a]\n\njunk\n",
    3,
    'Cannot use F, line 3: "junk" is neither "key = value", nor "[section]", nor a comment',
  ],
  [
    "[a]\n= v\n",
    2,
    'Cannot use F, line 2: "…" is neither "key = value", nor "[section]", nor a comment',
  ],
  [
    "[a]\nk = 1\n[b]\n[a]\n",
    4,
    "Cannot use F, line 4: section [a] appears a second time",
  ],
  [
    "[a]\nk = 1\nK : 2\n",
    3,
    'Cannot use "k" in section [a] of F, line 3: appears a second time',
  ],
];

for (const [text, line, message] of MALFORMED) {
  Deno.test(`parseIni() refuses ${JSON.stringify(text)} by its line`, () => {
    assert.throws(() => parse(text), {
      code: "CONFIG",
      file: "F",
      line,
      message,
    });
  });
}

const UNRESOLVABLE: [value: string, state: string][] = [
  ["50%", 'a % must be followed by % or (, found "%"'],
  ["a%b", 'a % must be followed by % or (, found "%b"'],
  ["%(x", "%( must be followed by a name and )s"],
  ["%()s", "%( must be followed by a name and )s"],
  ["hun%ter2", 'a % must be followed by % or (, found "%t"'],
  ["%(missing)s", "%(missing)s refers to nothing"],
  ["%(k)s", "its %(…)s refer to each other without end"],
];

for (const [value, state] of UNRESOLVABLE) {
  Deno.test(`Ini.get() refuses ${value} by its line, and only when it is asked for`, () => {
    const ini = parse(`[a]\nok = 1\nk = ${value}\n`);
    assert.equal(ini.get("a", "ok"), "1");
    assert.throws(() => ini.get("a", "k"), {
      code: "CONFIG",
      line: 3,
      section: "a",
      key: "k",
      message: `Cannot use "k" in section [a] of F, line 3: ${state}`,
      hint: "A percent sign in a value is written %%",
    });
  });
}

Deno.test("Ini.get() does not let references grow without bound", () => {
  const lines = ["a0 = " + "x".repeat(100)];
  for (let i = 1; i < 9; i++) {
    lines.push(`a${i} = ${`%(a${i - 1})s`.repeat(20)}`);
  }
  const ini = parse(`[a]\n${lines.join("\n")}\n`);
  assert.throws(() => ini.get("a", "a8"), ConfigError);
});

Deno.test("readIni() names the file that cannot be read", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const missing = `${directory}/missing.cfg`;
    await assert.rejects(() => readIni(missing), {
      code: "CONFIG",
      message: `Cannot use ${missing}: no such file`,
    });
    const binary = `${directory}/binary.cfg`;
    await Deno.writeFile(binary, Uint8Array.of(0x5b, 0xff, 0x5d));
    await assert.rejects(() => readIni(binary), {
      message: `Cannot use ${binary}: not UTF-8 text`,
    });
    await assert.rejects(() => readIni(directory), ConfigError);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

function parse(text: string): Ini {
  return parseIni(text, "F");
}
