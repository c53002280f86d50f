/**
 * A real ActiveMQ for the tests: own configuration, own directory, loopback.
 *
 * @module
 */

import { join } from "node:path";
import { ServerProcess } from "./server_process.ts";

/** PEM files for the TLS port. */
export interface BrokerTls {
  readonly certificate: string;
  readonly key: string;
  /** The CA certificate that client certificates must chain to. */
  readonly ca: string;
}

/** What the tests can ask of the broker. */
export interface ActiveMqOptions {
  /** Opens a STOMP+TLS port too, which demands a client certificate. */
  readonly tls?: BrokerTls;
  /** Names and passwords that a CONNECT may give; without a name anybody may connect. */
  readonly users?: Readonly<Record<string, string>>;
  /**
   * Runs as Debian's service does, to be measured: with the whole compiler, the
   * collector that Java chooses, and that service's memory. Otherwise it starts
   * quickly. @default false
   */
  readonly asService?: boolean;
}

const HOME = "/usr/share/activemq";
const PASSWORD = "not-a-secret";
const MAX_FRAME_BYTES = 160 << 20;

/** As in Debian's activemq-options. */
const SERVICE_OPTIONS = [
  "-Xms512M",
  "-Xmx512M",
  "-Dorg.apache.activemq.UseDedicatedTaskRunner=true",
];
/** A short-lived JVM: start quickly rather than run fast in the long run. */
const QUICK_OPTIONS = [
  "-XX:TieredStopAtLevel=1",
  "-XX:+UseSerialGC",
  "-Xshare:auto",
  "-Xms64m",
  "-Xmx2g",
];

/** Starts ActiveMQ with an empty KahaDB store in a new temporary directory. */
export async function startActiveMq(
  options: ActiveMqOptions = {},
): Promise<ActiveMq> {
  const directory = await Deno.makeTempDir({ prefix: "activemq-" });
  try {
    for (const name of ["conf", "data", "tmp"]) {
      await Deno.mkdir(join(directory, name));
    }
    if (options.tls) await makeKeystores(directory, options.tls);
    const broker = new ActiveMq(directory, options);
    await broker.restart();
    return broker;
  } catch (error) {
    await Deno.remove(directory, { recursive: true });
    throw error;
  }
}

/** A running ActiveMQ. */
export class ActiveMq implements AsyncDisposable {
  readonly #directory: string;
  readonly #options: ActiveMqOptions;
  readonly #ports = new Map<string, number>();
  #process: ServerProcess | undefined;

  /** Use {@linkcode startActiveMq}. */
  constructor(directory: string, options: ActiveMqOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  /** STOMP over TCP, on 127.0.0.1. Stays the same over a restart. */
  get stompPort(): number {
    return this.#ports.get("stomp")!;
  }

  /** STOMP over TLS, on 127.0.0.1; only with the option `tls`. */
  get tlsPort(): number {
    const port = this.#ports.get("stomp+ssl");
    if (port === undefined) throw new Error("This broker has no TLS port");
    return port;
  }

  /** The number of the broker's process; another one after a restart. */
  get pid(): number {
    if (!this.#process) throw new Error("This broker does not run");
    return this.#process.pid;
  }

  /** The broker's last lines of output. */
  get tail(): string {
    return this.#process?.tail ?? "";
  }

  /** Ends the broker as a power cut would. What it has stored stays. */
  async kill9(): Promise<void> {
    await this.#process?.stop("SIGKILL");
    this.#process = undefined;
  }

  /** Stops the broker in good order if it runs, and starts it on the same ports and store. */
  async restart(): Promise<void> {
    await this.#process?.stop();
    this.#process = undefined;
    const dir = this.#directory;
    await Deno.writeTextFile(
      join(dir, "conf/activemq.xml"),
      configuration(dir, this.#options, this.#ports),
    );
    await Deno.writeTextFile(join(dir, "conf/log4j.properties"), LOG_CONFIG);
    this.#process = await ServerProcess.start("java", {
      args: [
        ...(this.#options.asService ? SERVICE_OPTIONS : QUICK_OPTIONS),
        `-Djava.io.tmpdir=${dir}/tmp`,
        `-Dlog4j.configuration=file:${dir}/conf/log4j.properties`,
        `-Dactivemq.home=${HOME}`,
        `-Dactivemq.base=${dir}`,
        `-Dactivemq.conf=${dir}/conf`,
        `-Dactivemq.data=${dir}/data`,
        "-jar",
        `${HOME}/bin/activemq.jar`,
        "start",
        `xbean:file:${dir}/conf/activemq.xml`,
      ],
      env: { HOME: dir },
      cwd: dir,
      ready: (line) => this.#hear(line),
    });
  }

  /** Ends the broker and removes its directory. */
  async close(): Promise<void> {
    await this.kill9();
    await Deno.remove(this.#directory, { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #hear(line: string): boolean {
    const port = /Listening for connections at: (stomp(?:\+ssl)?):.*:(\d+)\?/
      .exec(line);
    if (port) this.#ports.set(port[1]!, Number(port[2]));
    return /Apache ActiveMQ .* started$/.test(line);
  }
}

/** ActiveMQ's own configuration: STOMP alone; port 0 until the ports are known. */
function configuration(
  directory: string,
  { tls, users, asService = false }: ActiveMqOptions,
  ports: ReadonlyMap<string, number>,
): string {
  const connector = (scheme: string, more: string) =>
    `<transportConnector name="${scheme}" uri="${scheme}://127.0.0.1:${
      ports.get(scheme) ?? 0
    }?wireFormat.maxFrameSize=${MAX_FRAME_BYTES}&amp;wireFormat.maxDataLength=${MAX_FRAME_BYTES}${more}"/>`;
  const store = (kind: string) =>
    `${kind}Store="${directory}/conf/${kind}.p12" ${kind}StoreType="PKCS12" ${kind}StorePassword="${PASSWORD}"`;
  const user = ([name, password]: [string, string]) =>
    `<authenticationUser username="${name}" password="${password}" groups="users"/>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<beans xmlns="http://www.springframework.org/schema/beans"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans.xsd
    http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="test"
    persistent="true" useJmx="false" schedulerSupport="false" dataDirectory="${directory}/data">
    <persistenceAdapter><kahaDB directory="${directory}/data/kahadb"/></persistenceAdapter>
    ${
    users === undefined ? "" : `<plugins>
      <simpleAuthenticationPlugin anonymousAccessAllowed="true">
        <users>${Object.entries(users).map(user).join("")}</users>
      </simpleAuthenticationPlugin>
    </plugins>`
  }
    ${
    tls === undefined
      ? ""
      : `<sslContext><sslContext ${store("key")} ${
        store("trust")
      }/></sslContext>`
  }
    <systemUsage>
      <systemUsage>
        <memoryUsage><memoryUsage ${
    asService ? 'percentOfJvmHeap="70"' : 'limit="1 gb"'
  }/></memoryUsage>
        <storeUsage><storeUsage limit="4 gb"/></storeUsage>
        <tempUsage><tempUsage limit="256 mb"/></tempUsage>
      </systemUsage>
    </systemUsage>
    <transportConnectors>
      ${connector("stomp", "")}
      ${
    tls === undefined ? "" : connector("stomp+ssl", "&amp;needClientAuth=true")
  }
    </transportConnectors>
  </broker>
</beans>
`;
}

const LOG_CONFIG = `log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%-5p %c{1}: %m%n
`;

async function makeKeystores(directory: string, tls: BrokerTls): Promise<void> {
  await Promise.all([
    run("openssl", [
      "pkcs12",
      "-export",
      "-in",
      tls.certificate,
      "-inkey",
      tls.key,
      "-name",
      "broker",
      "-passout",
      `pass:${PASSWORD}`,
      "-out",
      `${directory}/conf/key.p12`,
    ]),
    // Not by openssl: Java trusts only entries that carry an attribute of its own.
    run("keytool", [
      "-importcert",
      "-noprompt",
      "-alias",
      "ca",
      "-file",
      tls.ca,
      "-storetype",
      "PKCS12",
      "-storepass",
      PASSWORD,
      "-keystore",
      `${directory}/conf/trust.p12`,
    ]),
  ]);
}

async function run(command: string, args: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    stdin: "null",
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stdout) +
    new TextDecoder().decode(stderr);
  throw new Error(`Cannot make a keystore: ${command} said\n${said}`);
}
