/**
 * Files of logins and rules that others on the machine can get at.
 *
 * @module
 */
import assert from "node:assert/strict";
import { brokerAccess } from "../../../lib/cli/broker/access.ts";
import { brokerUsers } from "../../../lib/cli/broker/users.ts";
import { configOf } from "../../../lib/cli/process/logged_run.ts";
import { tokenOf } from "../../../lib/cli/wiring/carriers/ams_token.ts";
import { composeEndpoints } from "../../../lib/cli/wiring/carriers/endpoints.ts";
import { readIni, readSenderConfig } from "../../../lib/config/mod.ts";
import { LiveIdentity, openTrustStore } from "../../../lib/credentials/mod.ts";
import { Logger, type LogRecord } from "../../../lib/log/logger.ts";
import { type Site, siteTests } from "../../kit/programs/program_site.ts";
import { saying, ssm } from "../../kit/programs/program.ts";

const test = siteTests();

type Open = (site: Site, path: string, log: Logger) => unknown;

const FILES: [what: string, text: string, danger: string, open: Open][] = [
  [
    "Users file",
    "alice:$scrypt$",
    "they can read or change who may connect",
    (_, file, log) => brokerUsers({ file, given: [] }, log),
  ],
  [
    "Access file",
    "allow all /> anyone\n",
    "they can read or change who may read and write",
    (_, file, log) =>
      brokerAccess(file, { users: false, certificates: false }, log),
  ],
  [
    "Passcode file",
    "secret\n",
    "they can log in to the broker as this host",
    async (site, file, log) => {
      const path = await site.sender(1, {
        broker: { login: "alice", passcode_file: file },
      });
      const { config } = readSenderConfig(await readIni(path));
      assert.ok(config.broker.protocol === "STOMP");
      composeEndpoints(config.broker, {
        identity: LiveIdentity.open(config.certificates, { log }),
        trust: openTrustStore(site.pki.caPath, assert.fail),
        log,
        checkCrls: false,
        maxBodyBytes: 1000,
      });
    },
  ],
  [
    "Token file",
    "t0ken\n",
    "they can use the messaging service as this host",
    async (site, file, log) => {
      const path = await site.amsSender(1, { messaging: { token_file: file } });
      const { config } = readSenderConfig(await readIni(path));
      assert.ok(config.broker.protocol === "AMS");
      assert.equal(tokenOf(config.broker, log)?.(), "t0ken");
    },
  ],
];

for (
  const [key, sender] of [
    [
      "token",
      (site: Site) => site.amsSender(1, { messaging: { token: "t0ken" } }),
    ],
    [
      "passcode",
      (site: Site) =>
        site.sender(1, { broker: { login: "me", passcode: "t0ken" } }),
    ],
  ] as const
) {
  test(`a ${key} in a configuration that others may read is warned of`, async (site) => {
    const path = await sender(site);
    const records: LogRecord[] = [];
    const log = new Logger("test", [(record) => records.push(record)]);
    const warned = async (mode: number) => {
      await Deno.chmod(path, mode);
      records.length = 0;
      configOf(readSenderConfig(await readIni(path)), log);
      return records.map(({ message }) => message);
    };
    assert.deepEqual(await warned(0o644), [
      `There is a ${key} in the configuration, and ${path} is open to others (mode 0644): they can use it as this host does; chmod g-w,o= ${path}`,
    ]);
    assert.deepEqual(await warned(0o640), []);
  });
}

for (const [what, text, danger, open] of FILES) {
  test(`A ${what.toLowerCase()} that others may read or write is warned of`, async (site) => {
    const path = await site.write("file", text);
    const records: LogRecord[] = [];
    const log = new Logger("test", [(record) => records.push(record)]);
    const warned = async (mode: number) => {
      await Deno.chmod(path, mode);
      records.length = 0;
      await open(site, path, log);
      return records.map(({ message }) => message)
        .filter((message) => message.startsWith(what));
    };
    for (const mode of [0o604, 0o602, 0o620, 0o644, 0o666]) {
      const rights = mode.toString(8).padStart(4, "0");
      assert.deepEqual(await warned(mode), [
        `${what} ${path} is open to others (mode ${rights}): ${danger}; chmod g-w,o= ${path}`,
      ]);
    }
    for (const mode of [0o400, 0o600, 0o640]) {
      assert.deepEqual(await warned(mode), []);
    }
  });
}

test("ssm stomper warns of a password file that others may read", async (site) => {
  const password = await site.write("password", "secret\n");
  await Deno.chmod(password, 0o644);
  const { stderr } = await ssm([
    ...["stomper", "--port=1", "--retry-for=0", "--destination=/queue/x"],
    ...["--user=alice", `--password-file=${password}`],
  ], { stdin: saying("x") });
  assert.match(stderr, /^ssm: warning: Password file \S+ is open to others /m);
});
