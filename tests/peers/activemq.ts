/**
 * A real ActiveMQ for the tests: own configuration, own directory, loopback.
 *
 * @module
 */

import { join } from "node:path";
import type { ObservedProcess } from "../../lib/cli/process/observed_process.ts";
import {
  type BrokerTls,
  ForeignBroker,
  startForeignBroker,
} from "./foreign_broker.ts";
import { startServer } from "./server_process.ts";

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
export function startActiveMq(
  options: ActiveMqOptions = {},
): Promise<ActiveMq> {
  return startForeignBroker(
    "activemq",
    (directory) => new ActiveMq(directory, options),
  );
}

/** A running ActiveMQ. */
export class ActiveMq extends ForeignBroker {
  readonly #options: ActiveMqOptions;
  readonly #ports = new Map<string, number>();

  /** Use {@linkcode startActiveMq}. */
  constructor(directory: string, options: ActiveMqOptions) {
    super(directory);
    this.#options = options;
  }

  override get stompPort(): number {
    return this.#ports.get("stomp")!;
  }

  override get tlsPort(): number {
    const port = this.#ports.get("stomp+ssl");
    if (port === undefined) throw new Error("This broker has no TLS port");
    return port;
  }

  protected override async launch(): Promise<ObservedProcess> {
    const dir = this.directory;
    for (const name of ["conf", "data", "tmp"]) {
      await Deno.mkdir(join(dir, name), { recursive: true });
    }
    const { tls } = this.#options;
    if (tls && this.#ports.size === 0) await makeKeystores(dir, tls);
    await Deno.writeTextFile(
      join(dir, "conf/activemq.xml"),
      configuration(dir, this.#options, this.#ports),
    );
    await Deno.writeTextFile(join(dir, "conf/log4j.properties"), LOG_CONFIG);
    return await startServer("java", {
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
