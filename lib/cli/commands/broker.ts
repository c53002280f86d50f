/**
 * `ssm broker`: the embedded broker, for trying, testing and single machines.
 *
 * @module
 */
import {
  addressFilter,
  type Authorise,
  Broker,
  errorFrame,
} from "../../broker/mod.ts";
import {
  type Ini,
  parseIni,
  readStompserverConfig,
  type StompserverConfig,
} from "../../config/mod.ts";
import { reason } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { listen } from "../../net/mod.ts";
import { encodeFrame, systemClock } from "../../stomp/mod.ts";
import { brokerAccess } from "../broker/access.ts";
import { openStore, shareMemory } from "../broker/memory.ts";
import { BROKER_OPTIONS, givenUsers, withOptions } from "../broker/options.ts";
import { brokerState, regularly } from "../broker/state.ts";
import { brokerTls } from "../broker/tls.ts";
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

A STOMP broker for trying, testing and single-machine sites. It listens on the
loopback interface unless told otherwise. Messages are kept in memory and are
gone when it ends, unless --data names a directory: there messages that were
sent to queues with persistent:true survive.

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

The options of Tcl's stompserver are understood as they are (-port 61613 -users
"alice:secret bob:other" -tls true -verbose 5).

Examples:
  ssm broker
  ssm broker --port 0 --data /var/lib/ssm/broker
  echo alice:secret | ssm broker --hash-password >> /etc/ssm/users
  ssm broker --tls strict --certificate /etc/grid-security/hostcert.pem \\
    --key /etc/grid-security/hostkey.pem --capath /etc/grid-security/certificates
`,
  async run(values, context) {
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
  const users = { file: config.usersFile, given: givenUsers(values) };
  let authenticate = brokerUsers(users, log);
  const readAccess = () => accessOf(config, users, log);
  let authorise = readAccess();
  onReload(() => {
    try {
      // Both or neither: new users under old rules could do too much.
      const [newUsers, newRules] = [brokerUsers(users, log), readAccess()];
      [authenticate, authorise] = [newUsers, newRules];
      log.info("Users and access were read again");
    } catch (error) {
      log.error(`Users and access stay as they were: ${reason(error)}`);
    }
  });
  const tls = brokerTls(config, log);
  const memory = shareMemory(config);
  await using broker = new Broker({
    logger: log,
    store: await openStore(config, memory.queues),
    authenticate: (credentials) => authenticate(credentials),
    authorise: authorise && ((request) => authorise?.(request) ?? false),
    admit: addressFilter(config),
    virtualHosts: config.virtualHosts,
    heartBeat: {
      sendMs: config.heartBeatOutMs,
      receiveMs: config.heartBeatInMs,
    },
    graceFactor: config.forgiveness,
    deadLetters: config.deadLetterQueue !== "none" && {
      maxRedeliveries: config.maxRedeliveries,
      destination: config.deadLetterQueue,
    },
    limits: {
      frames: { maxBodyBytes: config.maxMessageBytes },
      maxConnections: config.maxConnections,
      maxSubscriptions: config.subscriptions,
      prefetch: config.prefetch,
      maxAllTopicBytes: memory.topics,
    },
  });
  await recover(broker, config, log);
  await using cleanup = new AsyncDisposableStack();
  const record = recordOf(broker, config, { log, cleanup });
  logging.listen((line) => record?.hear(line));
  await using listener = await listen({
    hostname: config.host,
    port: config.port,
    tls,
    proxyProtocol: config.proxyProtocol,
    farewell: ({ message }) => encodeFrame(errorFrame(message), "1.0"),
    onRefused: (error, remote) =>
      log.warning(`Refused ${remote}: ${reason(error)}`),
  });
  log.info(
    `Broker listening on ${config.host}:${listener.port}, ${
      TLS_WORDS[config.tls]
    }${config.proxyProtocol ? " behind a proxy" : ""}, ${
      config.data === undefined
        ? "messages in memory only"
        : `persistent messages in ${config.data}`
    }`,
  );
  signal.addEventListener("abort", () => listener.close(), { once: true });
  if (signal.aborted) listener.close();
  await broker.serveAll(listener);
  log.info(`Received the shutdown signal: ${signal.reason}`);
  await broker.drain();
  log.info("Broker has shut down.");
  return EXIT.ok;
}

/** A broker that keeps its messages in memory has no place for a record. */
function recordOf(
  broker: Broker,
  { data, file }: StompserverConfig,
  { log, cleanup }: { log: Logger; cleanup: AsyncDisposableStack },
): RunRecord | undefined {
  if (data === undefined) return undefined;
  const record = new RunRecord({
    ...{ role: "broker", config: file, spool: data, umask: 0o027 },
    broker: () => brokerState(broker),
    warn: (words) => log.warning(words),
  });
  // Its queues are looked at now and then: they change with each message.
  const looks = regularly(systemClock, () => record.changed());
  cleanup.defer(() => record.end(true));
  cleanup.use(looks);
  return record;
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

const TLS_WORDS = {
  off: "plain TCP",
  on: "TLS",
  strict: "TLS, client certificates required",
};

/** Before anyone can connect, so that a store that cannot be read is seen at once. */
async function recover(
  broker: Broker,
  { data }: StompserverConfig,
  log: Logger,
): Promise<void> {
  await broker.start();
  if (data === undefined) return;
  const { queued, queues } = broker.stats();
  log.info(`Recovered ${queued} messages in ${queues} queues from ${data}`);
}
