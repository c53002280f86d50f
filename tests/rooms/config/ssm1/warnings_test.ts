import assert from "node:assert/strict";
import { readSsm1Config } from "../../../../lib/config/mod.ts";
import { file, SSM1, SURROUNDINGS } from "../files/made_files.ts";

function read(sections: Record<string, string>) {
  return readSsm1Config(file(sections, SSM1), SURROUNDINGS);
}

const WARNED: [sections: Record<string, string>, ...warnings: string[]][] = [
  [
    { certificates: "certificate = /c\nkey = /k\ncapath = /ca" },
    'Unusual key "capath" in section [certificates] of F, line 4: it is taken for "cadir"',
  ],
  [
    { broker: `${SSM1.broker}\nbdii-url = ldap://b\nbroker-network = PROD` },
    'Obsolete key "bdii-url" in section [broker] of F, line 6: brokers are not looked up in a BDII any more',
    'Obsolete key "broker-network" in section [broker] of F, line 7: brokers are not looked up in a BDII any more',
  ],
  [
    { broker: "host = a:1\nuse-ssl = False\nuse_pwd = false" },
    'Loose value of "use-ssl" in section [broker] of F, line 3: "False" is taken for true, write true or false',
  ],
  [
    {
      broker:
        "host = a:1\nuse-ssl = true\nuse_pwd = yes\nusername = a\npassword = b",
    },
    'Loose value of "use_pwd" in section [broker] of F, line 4: "yes" is taken for true, write true or false',
  ],
  [
    { certificates: `${SSM1.certificates}\ncheck-crls = off` },
    'Loose value of "check-crls" in section [certificates] of F, line 5: "off" is taken for true, write true or false',
  ],
  [
    { messagedb: "path = /m\ntest = True" },
    'Loose value of "test" in section [messagedb] of F, line 3: "True" is taken for false, write true or false',
  ],
  [
    { consumer: "topic = t\nvalid-dns = $NOBODY/${NOTHING}/dns" },
    'Unknown variable $NOBODY in "valid-dns" in section [consumer] of F, line 3: it stays as it is',
    'Unknown variable ${NOTHING} in "valid-dns" in section [consumer] of F, line 3: it stays as it is',
  ],
  [
    { DEFAULT: "path = $NOBODY", messagedb: "test = false" },
    'Unknown variable $NOBODY in "path" in section [messagedb] of F, line 2: it stays as it is',
  ],
  [
    { messagedb: "path = /m ; the messages\ntest = false" },
    'Comment behind the value of "path" in section [messagedb] of F, line 2: it is left out',
  ],
  [
    { logging: "log-conf-file = /f\nlevel = INFO" },
    'Superfluous key "log-conf-file" in section [logging] of F, line 2: "level" and the like go before it',
  ],
  [
    { producer: `${SSM1.producer}\nmsg-chek-time = 1` },
    'Unknown key "msg-chek-time" in section [producer] of F, line 5: did you mean "msg-check-time"?',
  ],
  [
    { messagedb: `${SSM1.messagedb}\nsplit = records` },
    'Key without effect "split" in section [messagedb] of F, line 4: SSM1 never splits a file, for its consumer acknowledges the whole by its digest',
  ],
  [
    { Logging: "level = INFO" },
    'Unknown section [Logging] in F: did you mean "logging"?',
  ],
  [
    { messaging: "destination = q" },
    "Unknown section [messaging] in F",
  ],
];

for (const [sections, ...expected] of WARNED) {
  Deno.test(`warns: ${expected[0]}`, () => {
    assert.deepEqual(read(sections).warnings, expected);
  });
}

Deno.test("readSsm1Config() takes what stands beside the oddities", () => {
  const { config } = read({
    DEFAULT: "cadir = /ignored",
    certificates: "certificate = /c\nkey = /k ; the key\ncadir = /ca;1",
    messagedb: "path = $NOBODY/m\ntest = false",
    logging: "log-conf-file = /f\nlevel = ERROR",
  });
  assert.equal(config.certificates.key, "/k");
  assert.equal(config.certificates.capath, "/ca;1");
  assert.equal(config.messages.path, "$NOBODY/m");
  assert.equal(config.logConfFile, undefined);
  assert.equal(config.logging.level, "ERROR");
});
