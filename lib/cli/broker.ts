/**
 * `ssm broker`: the embedded broker, for trying, testing and single machines.
 *
 * @module
 */
import { Broker, userTable } from "../broker/mod.ts";
import {
  type Ini,
  parseIni,
  readStompserverConfig,
  type StompserverConfig,
} from "../config/mod.ts";
import { reason, SsmError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { listen, type ServerTlsOptions } from "../net/mod.ts";
import { parseCertificate, TrustStore } from "../pki/mod.ts";
import {
  type Command,
  type CommandContext,
  type OptionValues,
  textOption,
} from "./command.ts";
import { readConfigFile } from "./config_file.ts";
import { EXIT } from "./exit.ts";
import { loadIdentity } from "./identity.ts";
import { openLog } from "./logging.ts";

/** Options that are keys of the section as well, with the key each one sets. */
const KEYS: Readonly<Record<string, string>> = {
  "host": "host",
  "port": "port",
  "tls": "tls",
  "certificate": "certificate",
  "key": "key",
  "capath": "capath",
  "users": "users",
};

/** A signed and encrypted message of 100 MB is larger than that by two base64 codings. */
const MAX_BODY_BYTES = 256 << 20;

/** The command. */
export const brokerCommand: Command = {
  name: "broker",
  help: `Usage: ssm broker [OPTIONS]

A STOMP broker for trying, testing and single-machine sites. Messages are kept
in memory: they are gone when it ends. It listens on the loopback interface
unless told otherwise.

Options:
  -c, --config FILE       section [stompserver]; options below win over it
      --host ADDRESS      default: 127.0.0.1
      --port PORT         default: 61613; 0 takes a free one
      --tls off|on|strict strict demands client certificates; default: off
      --certificate FILE  the broker's certificate, PEM
      --key FILE          its private key, PEM
      --capath DIR        CA directory for client certificates
      --users FILE        lines of login:passcode; default: everybody may
  -h, --help
  -v, --version

Examples:
  ssm broker
  ssm broker --port 0
  ssm broker --tls strict --certificate /etc/grid-security/hostcert.pem \\
    --key /etc/grid-security/hostkey.pem --capath /etc/grid-security/certificates
`,
  options: {
    config: { type: "string", short: "c" },
    ...Object.fromEntries(
      Object.keys(KEYS).map((name) => [name, { type: "string" as const }]),
    ),
  },
  async run(values, context) {
    const path = textOption(values, "config");
    if (path === undefined) {
      return await runBroker(parseIni("", "the command line"), values, context);
    }
    const ini = await readConfigFile(path, context.terminal);
    return ini ? await runBroker(ini, values, context) : EXIT.failure;
  },
};

/** Runs a broker as the file and the options say, until it is stopped. */
export async function runBroker(
  ini: Ini,
  values: OptionValues,
  { terminal, signal, onReload }: CommandContext,
): Promise<number> {
  const { config, warnings } = readStompserverConfig(withOptions(ini, values));
  using logging = openLog(ini, { terminal });
  onReload(() => logging.reopen());
  const log = logging.logger("ssm.broker");
  for (const warning of warnings) log.warning(warning);
  await using broker = new Broker({
    logger: log,
    ...(config.usersFile !== undefined &&
      { authenticate: userTable(readUsers(config.usersFile)) }),
    limits: { maxBodyBytes: MAX_BODY_BYTES },
  });
  await using listener = await listen({
    hostname: config.host,
    port: config.port,
    tls: tlsOptions(config, log),
    onRefused: (error, remote) =>
      log.warning(`Refused ${remote}: ${reason(error)}`),
  });
  const tls = {
    off: "plain TCP",
    on: "TLS",
    strict: "TLS, client certificates required",
  };
  log.info(
    `Broker listening on ${config.host}:${listener.port}, ${
      tls[config.tls]
    }, messages in memory only`,
  );
  signal.addEventListener("abort", () => listener.close(), { once: true });
  if (signal.aborted) listener.close();
  await broker.serveAll(listener);
  log.info(`Received the shutdown signal: ${signal.reason}`);
  await broker.drain();
  log.info("Broker has shut down.");
  return EXIT.ok;
}

/** The file with the options written over it. */
function withOptions(ini: Ini, values: OptionValues): Ini {
  const given = Object.entries(KEYS).flatMap(([option, key]) => {
    const value = textOption(values, option);
    return value === undefined ? [] : [[key, value] as const];
  });
  return ini.with("stompserver", given);
}

function tlsOptions(
  config: StompserverConfig,
  log: Logger,
): ServerTlsOptions | undefined {
  const { tls, certificate, key, capath, checkCrls } = config;
  if (tls === "off") return undefined;
  const { keyPair } = loadIdentity({
    certificate: certificate!,
    key: key!,
    keyPassphraseFile: config.keyPassphraseFile,
  }, new Date());
  if (tls === "on") return { keyPair, clientCertificate: "none" };
  const trust = new TrustStore(capath!, {
    onBadFile: (_path, error) => log.warning(reason(error)),
  });
  trust.assertUsable();
  return {
    keyPair,
    clientCertificate: "required",
    verify: async ({ leaf, others }) => {
      const verdict = await trust.verify(
        parseCertificate(leaf),
        others.map(parseCertificate),
        { checkCrls, purpose: "clientAuth" },
      );
      if (!verdict.ok) {
        throw new SsmError("TRUST", `Cannot trust client: ${verdict.reason}`);
      }
    },
  };
}

function readUsers(path: string): Map<string, string> {
  const users = new Map<string, string>();
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (cause) {
    throw new SsmError("CONFIG", `Cannot read ${path}: ${reason(cause)}`, {
      cause,
    });
  }
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === "" || line.startsWith("#")) return;
    const colon = line.indexOf(":");
    if (colon < 1) {
      throw new SsmError(
        "CONFIG",
        `Cannot use ${path}, line ${index + 1}: it is not login:passcode`,
      );
    }
    users.set(line.slice(0, colon), line.slice(colon + 1));
  });
  return users;
}
