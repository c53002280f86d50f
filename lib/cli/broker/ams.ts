/**
 * The AMS of the embedded broker.
 *
 * @module
 */
import { addressFilter, AmsServer, type AmsUsers } from "../../broker/mod.ts";
import type { StompserverConfig } from "../../config/mod.ts";
import { isSsmError, reason, SsmError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import { openStore } from "./memory.ts";
import type { BrokerTls } from "./tls.ts";

/** What an AMS is opened with. */
export interface AmsParts {
  readonly config: StompserverConfig;
  readonly users: () => AmsUsers;
  readonly tls: BrokerTls;
  readonly memoryBytes: number;
  readonly log: Logger;
}

/** Where AMS keeps its messages; `undefined` when they are in memory only. */
function amsDirectory(
  { data }: Pick<StompserverConfig, "data">,
): string | undefined {
  return data === undefined ? undefined : `${data}/ams`;
}

/**
 * Opens the ports of AMS.
 *
 * @throws {SsmError} when the port, the store, or what the file says cannot be used
 */
export async function openAms(
  { config, users, tls, memoryBytes, log }: AmsParts,
): Promise<AmsServer> {
  const data = amsDirectory(config);
  const store = await openStore({ ...config, data }, memoryBytes);
  try {
    const server = await AmsServer.listen({
      listen: config.ams!.map(({ host, port }) => ({
        hostname: host,
        port,
        tls: tls.ams,
        proxyProtocol: config.proxyProtocol,
      })),
      topics: config.amsTopics,
      store,
      users,
      judge: tls.judge,
      admit: addressFilter(config),
      limits: {
        maxMessageBytes: config.amsMaxMessageBytes,
        retentionMs: config.amsRetentionMs,
      },
      httpLimits: { maxConnections: config.maxConnections },
      logger: log,
    });
    announce(config, server, log);
    return server;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    if (isSsmError(error)) throw error;
    throw new SsmError("CONFIG", `Cannot open AMS: ${reason(error)}`, {
      cause: error,
    });
  }
}

/** Says where it listens, and what an administrator should know before clients do. */
function announce(
  config: StompserverConfig,
  server: AmsServer,
  log: Logger,
): void {
  const { tls, proxyProtocol, amsUsersFile } = config;
  const data = amsDirectory(config);
  const { topics, messages } = server.stats();
  const hosts = config.ams!.map(({ host }) => host);
  const places = hosts.map((host, index) =>
    `${host.includes(":") ? `[${host}]` : host}:${server.ports[index]}`
  );
  log.info(
    `AMS listening on ${places.join(" and ")}, ${WORDS[tls]}${
      proxyProtocol ? " behind a proxy" : ""
    }, topics: ${topics}, messages: ${messages} ${
      data === undefined ? "in memory only" : `in ${data}`
    }`,
  );
  if (topics === 0) log.warning("AMS has no topics: name some by ams_topics");
  const open = hosts.find((host) => !isLoopback(host));
  if (open === undefined) return;
  if (tls === "off") {
    log.warning(
      `AMS is plain HTTP on ${open}: whoever sees the traffic has the tokens; give it tls`,
    );
  }
  if (amsUsersFile === undefined) {
    log.warning(
      `AMS on ${open} has no users: whoever can connect may publish and pull; name some by ams_users`,
    );
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

const WORDS = {
  off: "plain HTTP",
  on: "HTTPS",
  strict: "HTTPS, client certificates required",
};

/**
 * What tokens for certificates are made with. It is kept beside the messages, so
 * that clients need no new tokens after a restart; removing the file ends them all.
 *
 * @throws {SsmError} `SPOOL` when it cannot be kept or read
 */
export async function amsTokenKey(
  config: Pick<StompserverConfig, "data">,
): Promise<Uint8Array> {
  const fresh = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const directory = amsDirectory(config);
  if (directory === undefined) return fresh;
  const path = `${directory}/token-key`;
  try {
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
    const known = await readIfThere(path);
    // What a crash has cut off was never used.
    if (known?.length === KEY_BYTES) return known;
    using file = await Deno.open(path, {
      create: true,
      truncate: true,
      write: true,
      mode: 0o600,
    });
    await file.write(fresh);
    await file.sync();
    return fresh;
  } catch (cause) {
    throw new SsmError("SPOOL", `Cannot use ${path}: ${reason(cause)}`, {
      cause,
    });
  }
}

const KEY_BYTES = 32;

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
