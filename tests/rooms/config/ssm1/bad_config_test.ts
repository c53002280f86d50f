import assert from "node:assert/strict";
import { ConfigError, readSsm1Config } from "../../../../lib/config/mod.ts";
import { file, SSM1, SURROUNDINGS } from "../files/made_files.ts";

type Section = keyof typeof SSM1;

function read(sections: Record<string, string>) {
  return readSsm1Config(file(sections, SSM1), SURROUNDINGS);
}

const RANGE = "the range is from 1 to 1073741824 bytes";
const SIZE =
  "it must be a number of bytes, or of K, M or G, such as 512K or 100M";
const NAME =
  "it must be the name of a queue or topic such as /queue/name, in ASCII without white space, quotes, #, ;, $, { and }";
const DN = "it must be a DN in the form /C=UK/O=eScience/CN=host.example.org";

/** Section, its bad line, and the end of the message. */
const BAD: [section: Section, line: string, state: string][] = [
  ["broker", "host =", "it is empty; it must be host names"],
  ["broker", "host = a b:x", '"a b:x" is not allowed; it must be host names'],
  [
    "broker",
    "port = $host",
    '"site" is not allowed; it must be a whole number from 1 to 65535',
  ],
  [
    "broker",
    "use-ssl =",
    "it is empty; it must be true or false; anything but false is true",
  ],
  [
    "broker",
    "use-pwd =",
    "it is empty; it must be true or false; anything but false is true",
  ],
  [
    "broker",
    "verify-broker = never",
    '"never" is not allowed; it must be true',
  ],
  [
    "broker",
    "heart-beat = x",
    '"x" is not allowed; it must be a number of sec',
  ],
  ["broker", "connect_timeout = 0", '"0" is not allowed; it must be a number'],
  [
    "broker",
    "receipt-timeout = -1",
    '"-1" is not allowed; it must be a number',
  ],
  ["broker", "retry-for = 1d", '"1d" is not allowed; it must be a number of'],
  ["broker", "vhost =", "it is empty; it must be some text"],
  ["broker", "password-file =", "it is empty; it must be a path"],
  ["certificates", "certificate =", "it is empty; it must be a path"],
  ["certificates", "key =", "it is empty; it must be a path"],
  ["certificates", "key = /a\0b", '"/a\0b" is not allowed; it must be a path'],
  ["certificates", "cadir =", "it is empty; it must be a path"],
  ["certificates", "key-passphrase-file =", "it is empty; it must be a path"],
  ["certificates", "check-crls =", "it is empty; it must be true or false"],
  [
    "certificates",
    "cipher = rc2",
    '"rc2" is not allowed; it must be one of des3, aes128, aes192, aes256',
  ],
  [
    "certificates",
    "allow-weak-digests = true",
    '"true" is not allowed; it must be one of none, sha1, all',
  ],
  ["messagedb", "path =", "it is empty; it must be a path"],
  [
    "messagedb",
    "test =",
    "it is empty; it must be true or false; anything but true is false",
  ],
  ["messagedb", "umask = 8", '"8" is not allowed; it must be three octal'],
  [
    "messagedb",
    "max-message-size = 2G",
    `"2G" is not allowed, ${RANGE}; ${SIZE}`,
  ],
  [
    "messagedb",
    "max-unpacked-size = 0",
    `"0" is not allowed, ${RANGE}; ${SIZE}`,
  ],
  [
    "messagedb",
    "ack-keep = 0",
    '"0" is not allowed; it must be a number of days from 1 to 3650',
  ],
  [
    "messagedb",
    "min-file-age = -1",
    '"-1" is not allowed; it must be a number',
  ],
  ["messagedb", "max-lock-age = 9", '"9" is not allowed; it must be a number'],
  ["consumer", "topic =", `it is empty; ${NAME}`],
  [
    "consumer",
    "topic = a b",
    `"a b" is not allowed, a blank is no part of such a name; ${NAME}`,
  ],
  [
    "consumer",
    "topic = a\u200bb",
    `"a\u200bb" is not allowed, U+200B is no part of such a name; ${NAME}`,
  ],
  ["consumer", "valid-dns =", "it is empty; it must be a path"],
  [
    "consumer",
    "read-valid-dns = 0",
    '"0" is not allowed; it must be a number of minutes from 1 to 10000000',
  ],
  ["consumer", "window = 0", '"0" is not allowed; it must be a whole number'],
  [
    "producer",
    "topic = a\u0007",
    `"a\u0007" is not allowed, U+0007 is no part of such a name; ${NAME}`,
  ],
  ["producer", "ack =", `it is empty; ${NAME}`],
  [
    "producer",
    "ack = a\n b",
    `"a\nb" is not allowed, U+000A is no part of such a name; ${NAME}`,
  ],
  ["producer", "consumer-dn = C=UK,CN=c", `"C=UK,CN=c" is not allowed; ${DN}`],
  ["producer", "consumer-dn = /nobody", `"/nobody" is not allowed; ${DN}`],
  ["producer", "consumer-dn = /CN=a\n /CN=b", "is not allowed"],
  [
    "producer",
    "msg-check-time = 0",
    '"0" is not allowed; it must be a number of seconds from 0.1 to 3600',
  ],
  ["producer", "ack-timeout = 0", '"0" is not allowed; it must be a number of'],
  [
    "producer",
    "certificate-life = 1",
    '"1" is not allowed; it must be a number of seconds from 60 to 31536000',
  ],
  ["producer", "clear-consumer-cert = never", '"never" is not allowed; it mu'],
  ["producer", "topic = %(x)s", "%(x)s refers to nothing"],
];

for (const [section, line, state] of BAD) {
  Deno.test(`SSM1: [${section}] ${JSON.stringify(line)} is refused with file, line, key and what is allowed`, () => {
    const key = line.split(" ")[0]!;
    const others = SSM1[section].split("\n")
      .filter((other) => !other.startsWith(`${key} `));
    const number = others.length + 2;
    assert.throws(
      () => read({ [section]: [...others, line].join("\n") }),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        const { code, file, line, message } = error;
        assert.deepEqual([code, file, line], ["CONFIG", "F", number]);
        assert.deepEqual([error.section, error.key], [section, key]);
        const place =
          `Cannot use "${key}" in section [${section}] of F, line ${number}: `;
        assert.ok(message.startsWith(place), message);
        assert.ok(message.includes(state), message);
        return true;
      },
    );
  });
}

const MISSING: [section: Section, key: string][] = [
  ["broker", "host"],
  ["broker", "port"],
  ["broker", "use-ssl"],
  ["broker", "use-pwd"],
  ["certificates", "certificate"],
  ["certificates", "key"],
  ["certificates", "cadir"],
  ["messagedb", "path"],
  ["messagedb", "test"],
];

for (const [section, key] of MISSING) {
  Deno.test(`SSM1: a missing ${section}.${key} is refused`, () => {
    const others = SSM1[section].split("\n")
      .filter((line) => !line.startsWith(`${key} `));
    assert.throws(
      () => read({ [section]: others.join("\n") }),
      (error: unknown) =>
        error instanceof ConfigError && error.key === key &&
        error.section === section && error.message.includes("it is missing"),
    );
  });
}

for (const section of ["broker", "certificates", "messagedb"] as const) {
  Deno.test(`SSM1: a missing section [${section}] is refused by its name`, () => {
    const { [section]: _, ...others } = SSM1;
    assert.throws(() => readSsm1Config(file(others), SURROUNDINGS), {
      code: "CONFIG",
      message: `Cannot use F: section [${section}] is missing`,
    });
  });
}

Deno.test("SSM1: sections in another case are not those that are meant", () => {
  const { broker, ...others } = SSM1;
  const ini = file({ Broker: broker, ...others });
  assert.throws(() => readSsm1Config(ini, SURROUNDINGS), {
    message: "Cannot use F: section [broker] is missing",
  });
});

for (const key of ["bdii-url", "broker-network", "bdii_url"]) {
  Deno.test(`SSM1: ${key} without a host is refused with a hint`, () => {
    const broker = `use-ssl = true\nuse-pwd = false\n${key} = x`;
    assert.throws(() => read({ broker }), {
      code: "CONFIG",
      line: 4,
      key,
      message:
        `Cannot use "${key}" in section [broker] of F, line 4: brokers are not looked up in a BDII any more`,
      hint: "Name the broker itself in [broker]: host = … and port = …",
    });
  });
}

Deno.test("SSM1: a key that is there under two names is refused", () => {
  for (
    const [section, lines, key, other] of [
      ["broker", "use_ssl = true", "use_ssl", "use-ssl"],
      ["certificates", "capath = /x", "capath", "cadir"],
      [
        "producer",
        "clear-consumer-cert = 60\ncertificate-life = 60",
        "clear-consumer-cert",
        "certificate-life",
      ],
    ] as const
  ) {
    assert.throws(() => read({ [section]: `${SSM1[section]}\n${lines}` }), {
      code: "CONFIG",
      line: SSM1[section].split("\n").length + 2,
      key,
      message: new RegExp(
        `: there is a "${other}" already; only one of them may be there$`,
      ),
    });
  }
});

Deno.test("SSM1: with use-pwd there must be a user and one password, which are never shown", () => {
  const start = "host = a:1\nuse-ssl = true\nuse-pwd = true";
  for (
    const [lines, key, state] of [
      ["password = s3cret", "username", "it is missing, although use-pwd is t"],
      [
        "username =\npassword = s3cret",
        "username",
        "it is missing, although use-pwd is true",
      ],
      ["username = me", "password", "it is missing, although use-pwd is true"],
      [
        "username = me\npassword =",
        "password",
        "it is missing, although use-pwd is true",
      ],
      [
        "username = me\npassword = s3cret\npassword-file = /p",
        "password-file",
        'there is a "password" already; only one of them may be there',
      ],
      [
        "username = me\npassword = s3cret%(x)s",
        "password",
        "%(x)s refers to nothing",
      ],
    ] as const
  ) {
    assert.throws(
      () => read({ broker: `${start}\n${lines}` }),
      (error: unknown) =>
        error instanceof ConfigError && error.key === key &&
        error.message.includes(state) && !error.message.includes("s3cret"),
      lines,
    );
  }
});

for (
  const [sections, state] of [
    [{}, "it has neither [consumer] nor [producer]"],
    [{ consumer: "topic = t" }, "[consumer] lacks valid-dns"],
    [
      { consumer: "", producer: "topic = t" },
      "[consumer] lacks topic, valid-dns and [producer] lacks consumer-dn, ack",
    ],
  ] as const
) {
  Deno.test(`SSM1: there must be something to do: ${state}`, () => {
    const { broker, certificates, messagedb } = SSM1;
    const ini = file({ broker, certificates, messagedb, ...sections });
    assert.throws(() => readSsm1Config(ini, SURROUNDINGS), {
      code: "CONFIG",
      message: `Cannot use F: there is nothing to do, ${state}`,
    });
  });
}
