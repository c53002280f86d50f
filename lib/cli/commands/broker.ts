/**
 * `ssm broker`: the embedded broker, for trying, testing and single machines.
 *
 * @module
 */
import type { AmsUsers, Authorise } from "../../broker/mod.ts";
import {
  type Ini,
  parseIni,
  readStompserverConfig,
  type StompserverConfig,
} from "../../config/mod.ts";
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { systemClock } from "../../time/mod.ts";
import { brokerAccess } from "../broker/access.ts";
import { amsTokenKey, openAms } from "../broker/ams.ts";
import { amsUsers, hashTokens } from "../broker/ams_users.ts";
import { shareMemory } from "../broker/memory.ts";
import { BROKER_OPTIONS, givenUsers, withOptions } from "../broker/options.ts";
import { brokerState, regularly } from "../broker/state.ts";
import {
  type BrokerClients,
  openStomp,
  type StompPort,
} from "../broker/stomp.ts";
import { type BrokerTls, brokerTls } from "../broker/tls.ts";
import {
  brokerUsers,
  hashPasscodes,
  type UserSources,
} from "../broker/users.ts";
import type {
  Command,
  CommandContext,
  OptionValues,
} from "../command/command.ts";
import { withFile } from "../command/config_file.ts";
import { EXIT } from "../command/terminal.ts";
import { configOf } from "../process/logged_run.ts";
import { openLog } from "../process/logging.ts";
import { RunRecord } from "../state/run_record.ts";

/** The command. */
export const brokerCommand: Command = {
  name: "broker",
  usage: `Usage: ssm broker [OPTIONS]
       ssm broker --hash-password
       ssm broker --hash-token

A STOMP broker for trying, testing and single-machine sites. It listens on the
loopback interface unless told otherwise. Messages are kept in memory and are
gone when it ends, unless --data names a directory: there messages that were
sent to queues with persistent:true survive. With --ams it is an AMS, too: clients
publish and pull over HTTP.

Every key of the section [stompserver] is an option, with - for _.
`,
  options: BROKER_OPTIONS,
  notes:
    `Lines of the access file, of which the first that fits decides; what no line
allows is refused:
  allow|deny read|write|all WHERE WHO
WHERE is /queue/NAME or /topic/NAME, with levels between dots or slashes; * is any
one level, > at the end all that follow, and /> everywhere. WHO is user:LOGIN,
dn:/C=UK/O=Site/CN=host (with --tls strict), address:PATTERN or anyone.

Lines of the AMS users file:
  NAME:RIGHTS:CREDENTIAL
RIGHTS are publish, pull or all, several between commas, each alone or with
=PROJECT/NAME, in which * and ? are wildcards; NAME there is a topic (publish) or a
subscription (pull). CREDENTIAL is a token, better as --hash-token prints it, or the
DN of a certificate, beginning with a slash (with --tls, and --capath or --cafile).

The options of Tcl's stompserver are understood as they are (-port 61613 -users
"alice:secret bob:other" -tls true -verbose 5).

Examples:
  ssm broker
  ssm broker --port 0 --data /var/lib/ssm/broker
  echo alice:secret | ssm broker --hash-password >> /etc/ssm/users
  ssm broker --ams 8080 --ams-topics accounting/gLite-APEL:apel
  ssm broker --tls strict --certificate /etc/grid-security/hostcert.pem \\
    --key /etc/grid-security/hostkey.pem --capath /etc/grid-security/certificates
`,
  async run(values, context) {
    if (values["hash-token"] === true) {
      await hashTokens(context.terminal);
      return EXIT.ok;
    }
    if (values["hash-password"] === true) {
      await hashPasscodes(context.terminal);
      return EXIT.ok;
    }
    const noFile = parseIni("", "the command line");
    return await withFile("broker", runBroker, noFile)(values, context);
  },
};

/** Runs a broker as the file and the options say, until it is stopped. */
export async function runBroker(
  file: Ini,
  values: OptionValues,
  context: CommandContext,
): Promise<number> {
  const { signal, onReload } = context;
  const ini = withOptions(file, values);
  const loaded = readStompserverConfig(ini);
  using logging = await openLog(() => loaded.config.logging, context);
  const log = logging.logger("ssm.broker");
  const config = configOf(loaded, log);
  const tls = brokerTls(config, log);
  const readUsers = await usersReader({ config, tls, values, log });
  let users = readUsers();
  onReload(() => {
    try {
      // All or none: new users under old rules could do too much.
      users = readUsers();
      log.info("Users and access were read again");
    } catch (error) {
      log.error(`Users and access stay as they were: ${reason(error)}`);
    }
  });
  const memory = shareMemory(config);
  await using ams = config.ams && await openAms({
    config,
    users: () => users.ams,
    tls,
    memoryBytes: memory.ams,
    log,
  });
  await using stomp = config.stomp
    ? await openStomp({ config, users: () => users, tls, memory, log })
    : undefined;
  await using cleanup = new AsyncDisposableStack();
  if (stomp && config.data !== undefined) {
    const record = recordOf(stomp.broker, { ...config, spool: config.data }, {
      ...{ log, cleanup },
    });
    logging.listen(record.hear);
  }
  await stopped(signal);
  log.info(`Received the shutdown signal: ${signal.reason}`);
  await Promise.all([ams?.drain(), stomp?.drain()]);
  log.info("Broker has shut down.");
  return EXIT.ok;
}

/** A broker that keeps its messages in memory has no place for a record. */
function recordOf(
  broker: StompPort["broker"],
  { spool, file }: Pick<StompserverConfig, "file"> & { readonly spool: string },
  { log, cleanup }: { log: Logger; cleanup: AsyncDisposableStack },
): RunRecord {
  const record = new RunRecord({
    ...{ role: "broker", config: file, spool, umask: 0o027 },
    broker: () => brokerState(broker),
    warn: (words) => log.warning(words),
  });
  cleanup.defer(() => record.end(true));
  // Its queues are looked at now and then: they change with each message.
  cleanup.use(regularly(systemClock, () => record.changed()));
  return record;
}

/** Settles when the signal is given. */
function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}

/** What reads everything that says who may do what. */
async function usersReader(
  { config, tls, values, log }: {
    readonly config: StompserverConfig;
    readonly tls: BrokerTls;
    readonly values: OptionValues;
    readonly log: Logger;
  },
): Promise<() => BrokerClients & { readonly ams: AmsUsers }> {
  const stomp = { file: config.usersFile, given: givenUsers(values) };
  const certificates = tls.judge !== undefined;
  const tokenKey = config.ams === undefined
    ? new Uint8Array()
    : await amsTokenKey(config);
  return () => ({
    authenticate: brokerUsers(stomp, log),
    authorise: accessOf(config, stomp, log),
    ams: amsUsers(config.amsUsersFile, { certificates, tokenKey }, log),
  });
}

/** Without an access file everybody may read and write everywhere. */
function accessOf(
  { accessFile, tls }: StompserverConfig,
  { file, given }: UserSources,
  log: Logger,
): Authorise | undefined {
  if (accessFile === undefined) return undefined;
  const known = {
    users: file !== undefined || given.length > 0,
    certificates: tls === "strict",
  };
  return brokerAccess(accessFile, known, log);
}
