import assert from "node:assert/strict";
import { readSenderConfig } from "../../../../lib/config/mod.ts";
import { file, SENDER, stompBroker } from "./made_files.ts";

/** A section with a line that is taken as it is written, and what is said of it. */
const ODD: [section: keyof typeof SENDER, line: string, warning: string][] = [
  [
    "broker",
    'passcode = "s3cret"\nlogin = me',
    'Quotes around the value of "passcode" in section [broker] of F, line 4: they are part of it, leave them out',
  ],
  [
    "certificates",
    "server_cert = '/etc/x.pem'",
    'Quotes around the value of "server_cert" in section [certificates] of F, line 5: they are part of it, leave them out',
  ],
  [
    "certificates",
    "server_cert = /etc/x.pem # of the receiver",
    '# in the value of "server_cert" in section [certificates] of F, line 5: what follows is part of it, a comment needs a line of its own',
  ],
  [
    "broker",
    "passcode = s3cret ; mine\nlogin = me",
    '; in the value of "passcode" in section [broker] of F, line 4: what follows is part of it, a comment needs a line of its own',
  ],
];

for (const [section, line, warning] of ODD) {
  Deno.test(`warns: ${warning}`, () => {
    const sections = { [section]: `${SENDER[section]}\n${line}` };
    const { warnings } = readSenderConfig(file(sections, SENDER));
    assert.deepEqual(warnings, [warning]);
  });
}

Deno.test("readSenderConfig() is silent about # and quotes inside a value", () => {
  const broker = `${SENDER.broker}\nlogin = me\npasscode = a#b;c"d'`;
  const ini = file({ broker }, SENDER);
  assert.deepEqual(readSenderConfig(ini).warnings, []);
  assert.equal(stompBroker(ini).passcode, `a#b;c"d'`);
});

for (
  const [written, meant, level] of [
    ["WARNING", "WARN", "WARNING"],
    ["warn", "WARN", "WARNING"],
    ["Info", "INFO", "INFO"],
    ["FATAL", "CRITICAL", "CRITICAL"],
    ["fatal", "CRITICAL", "CRITICAL"],
  ] as const
) {
  Deno.test(`level = ${written} is taken for ${meant}, with a warning`, () => {
    const logging = `level = ${written}`;
    const { config, warnings } = readSenderConfig(file({ logging }, SENDER));
    assert.equal(config.logging.level, level);
    assert.deepEqual(warnings, [
      `Odd value of "level" in section [logging] of F, line 2: "${written}" is taken for ${meant}`,
    ]);
  });
}
