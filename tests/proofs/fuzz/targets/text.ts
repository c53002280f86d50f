/**
 * Texts: configuration, lists of DNs, PEM, and what goes into the log.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parseDns } from "../../../../lib/credentials/dn_list.ts";
import { parseIni } from "../../../../lib/config/ini/parse.ts";
import {
  formatJson,
  formatText,
  type LogRecord,
  printable,
} from "../../../../lib/log/logger.ts";
import { decodePem, encodePem } from "../../../../lib/asn1/mod.ts";
import { normaliseDn } from "../../../../lib/pki/mod.ts";
import { outcome, UNSAFE, valueOf } from "../outcome.ts";
import { sample } from "../samples.ts";
import type { Target } from "../target.ts";

const encoder = new TextEncoder();

function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input);
}

function samplesOf(...texts: string[]): Uint8Array[] {
  return texts.map((text) => encoder.encode(text));
}

const INI: Target = {
  name: "ini",
  samples: samplesOf(
    "[broker]\nhost = a\nport: 61613\n\n[messaging]\npath=/x\n  more\n\n  end\n",
    "# c\n[DEFAULT]\nbase = /var\n[a]\nx = %(base)s/%(y)s\ny = 100%%\n",
    "\ufeff[a]\r\nk = v\r\n[b]\rk = %(k)s\n; c\n",
    "[a]\na0 = x\na1 = %(a0)s%(a0)s\na2 = %(a1)s%(a1)s\na3 = %(a2)s%(a2)s\n",
  ),
  words: [
    ...["[", "]", "=", ":", "%", "%%", "%(", ")s", "%(a)s", "\n", "\r", "  "],
    ...["#", ";", "\t", "\u00a0", "\x1c", "[DEFAULT]\n", "__proto__", "\0"],
  ],
  check(input) {
    const ini = valueOf(
      outcome(["CONFIG"], () => parseIni(textOf(input), "F")),
    );
    if (!ini) return;
    for (const section of ini.sections()) {
      for (const { name, line } of ini.options(section)) {
        assert.ok(line >= 1 && line <= input.length + 1, "no such line");
        assert.equal(name, name.toLowerCase());
        const value = valueOf(
          outcome(["CONFIG"], () => ini.get(section, name)),
        );
        assert.ok((value ?? "").length <= 1 << 21, "a value grows");
      }
    }
  },
};

const DN: Target = {
  name: "dn",
  samples: samplesOf(
    "/C=UK/O=Test/CN=host.example.org",
    "C = UK, O = Test, CN = host.example.org",
    "CN=host,O=Test,C=UK",
    'subject=CN="a, b"+UID=7;O=T\\2C x\\C3\\BC,DC=org',
    "1.2.3.4=x, emailAddress=a@b, E=c",
  ),
  words: [
    ...[",", ";", "+", "=", "\\", '"', "\\2f", "\\,", "/CN=", "CN=", " "],
    ...["1.2.3", "subject=", "\n", "\0", "\u202e", "ü", "\\C3", "DC="],
  ],
  check(input) {
    const dn = normaliseDn(textOf(input));
    if (dn === undefined) return;
    assert.ok(dn.startsWith("/"), "not in slash form");
    // A value may end in an escaped blank.
    assert.equal(normaliseDn(dn), dn.trim());
  },
};

const DNS: Target = {
  name: "dns",
  samples: samplesOf(
    "# list\n/C=UK/CN=a\n\n /C=UK/CN=b \r\n/CN=c\rCN=d\n",
    "\ufeff/C=UK/CN=a\n#/CN=no\n",
  ),
  words: ["\n", "\r", "/", "#", "\u2028", "\0", "/CN=", "\ufeff"],
  check(input) {
    const { dns, malformed } = parseDns(input);
    const lines = textOf(input).split(/\r\n|\r|\n/);
    assert.ok(dns.length + malformed.length <= lines.length);
    for (const dn of dns) {
      assert.match(dn, /^\/[^\r\n]*$/);
      assert.equal(dn, dn.trim());
    }
    for (const { line, text, undecodable } of malformed) {
      if (undecodable) assert.match(text, /^[ -~]*\\x[0-9A-F]{2}[ -~]*$/);
      else assert.ok(lines[line - 1]!.includes(text), "another line");
    }
  },
};

const PEM: Target = {
  name: "pem",
  samples: ["host.pem", "host.key", "site-crl.pem"].map(sample),
  words: [
    ...["-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"],
    ...["-----BEGIN ", "-----", "Proc-Type: 4,ENCRYPTED\n\n", "\r\n", "="],
  ],
  check(input) {
    const text = new TextDecoder("latin1").decode(input);
    const blocks = valueOf(outcome(["CERTIFICATE"], () => decodePem(text)));
    for (const { label, bytes } of blocks ?? []) {
      const [again, ...more] = decodePem(encodePem(label, bytes));
      assert.deepEqual(more, []);
      assert.deepEqual(again?.bytes, bytes);
    }
  },
};

const LOG: Target = {
  name: "log",
  samples: samplesOf(
    "Received message. ID = 6b001084/6b00108f8b1b7c",
    "id\nforged\r\x1b[31m\u202e\u009b2J\u2028 ü 北京 \u061c\u200b🖖",
  ),
  words: ["\n", "\r", "\x1b]0;x\x07", "\u0085", "\u2066", "\u061c", '"', "\\"],
  check(input) {
    const message = textOf(input);
    const record: LogRecord = {
      time: new Date(0),
      name: "ssm",
      level: "INFO",
      message,
    };
    const lines = [formatText(record), formatJson(record), printable(message)];
    for (const line of lines) {
      assert.doesNotMatch(line, UNSAFE);
      assert.ok(line.length <= 200 + 6 * message.length, "a line grows");
    }
    assert.equal(JSON.parse(lines[1]!).message, message);
  },
};

export const TEXT_TARGETS: readonly Target[] = [INI, DN, DNS, PEM, LOG];
