/**
 * A real RabbitMQ for the tests: own node, own directory, loopback.
 *
 * @module
 */

import { join } from "node:path";
import type { ObservedProcess } from "../../lib/cli/process/observed_process.ts";
import { freePorts } from "../kit/net/free_port.ts";
import {
  type BrokerTls,
  ForeignBroker,
  startForeignBroker,
} from "./foreign_broker.ts";
import { startServer } from "./server_process.ts";

/** What the tests can ask of the broker. */
export interface RabbitMqOptions {
  /** Opens a STOMP+TLS port too, which demands a client certificate. */
  readonly tls?: BrokerTls;
  /** Uses all processors, to be measured; otherwise it starts quickly. @default false */
  readonly asService?: boolean;
}

/** Starts RabbitMQ with its STOMP plugin; the user is `guest`, password `guest`. */
export function startRabbitMq(
  options: RabbitMqOptions = {},
): Promise<RabbitMq> {
  return startForeignBroker(
    "rabbitmq",
    (directory) => new RabbitMq(directory, options),
  );
}

/** A running RabbitMQ. */
class RabbitMq extends ForeignBroker {
  readonly #options: RabbitMqOptions;
  readonly #ports = new PortsOfRabbit();
  #epmd: ObservedProcess | undefined;

  /** Use {@linkcode startRabbitMq}. */
  constructor(directory: string, options: RabbitMqOptions) {
    super(directory);
    this.#options = options;
  }

  override get stompPort(): number {
    return this.#ports.stomp;
  }

  override get tlsPort(): number {
    if (!this.#options.tls) throw new Error("This broker has no TLS port");
    return this.#ports.tls;
  }

  protected override async launch(): Promise<ObservedProcess> {
    const dir = this.directory;
    const { epmd, stomp } = this.#ports;
    await Deno.writeTextFile(
      join(dir, "rabbitmq.conf"),
      configuration(this.#options, this.#ports),
    );
    await Deno.writeTextFile(
      join(dir, "enabled_plugins"),
      "[rabbitmq_stomp].\n",
    );
    // Erlang's port mapper, our own: else the node would start a shared one
    // that outlives the test.
    this.#epmd ??= await startServer("epmd", {
      args: ["-d", "-port", `${epmd}`, "-address", "127.0.0.1"],
      ready: (line) => line.includes("epmd running"),
    });
    return await startServer(
      // Debian's wrapper in /usr/sbin would change to the service's user.
      "/usr/lib/rabbitmq/bin/rabbitmq-server",
      {
        args: [],
        env: {
          HOME: dir,
          ERL_EPMD_PORT: `${epmd}`,
          ERL_EPMD_ADDRESS: "127.0.0.1",
          RABBITMQ_NODENAME: `ssm-test-${stomp}@localhost`,
          RABBITMQ_BASE: dir,
          RABBITMQ_MNESIA_BASE: join(dir, "mnesia"),
          RABBITMQ_LOG_BASE: join(dir, "log"),
          RABBITMQ_CONFIG_FILE: join(dir, "rabbitmq"),
          RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, "none.config"),
          RABBITMQ_CONF_ENV_FILE: "/dev/null",
          RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, "enabled_plugins"),
          RABBITMQ_FEATURE_FLAGS_FILE: join(dir, "feature_flags"),
          // One scheduler: a test's load needs no more, and the start is quicker.
          ...(!this.#options.asService && {
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+S 1:1 +SDcpu 1:1 +SDio 1",
          }),
          // The script then becomes the Erlang VM instead of its parent, so
          // that a signal reaches the broker itself.
          RUNNING_UNDER_SYSTEMD: "1",
        },
        cwd: dir,
        ready: (line) => line.includes("Server startup complete"),
      },
    );
  }

  override async close(): Promise<void> {
    await this.kill9();
    await this.#epmd?.stop("SIGKILL");
    await super.close();
  }
}

class PortsOfRabbit {
  readonly stomp: number;
  readonly tls: number;
  /** Where Erlang nodes would talk to each other. */
  readonly distribution: number;
  readonly epmd: number;

  constructor() {
    const [stomp, tls, distribution, epmd] = freePorts(4);
    this.stomp = stomp!;
    this.tls = tls!;
    this.distribution = distribution!;
    this.epmd = epmd!;
  }
}

function configuration(
  { tls }: RabbitMqOptions,
  ports: PortsOfRabbit,
): string {
  const lines = [
    "listeners.tcp = none",
    `stomp.listeners.tcp.1 = 127.0.0.1:${ports.stomp}`,
    `distribution.listener.interface = 127.0.0.1`,
    `distribution.listener.port_range.min = ${ports.distribution}`,
    `distribution.listener.port_range.max = ${ports.distribution}`,
    "log.file = false",
    "log.console = true",
    "log.console.level = info",
    "disk_free_limit.absolute = 50MB",
  ];
  if (tls) {
    lines.push(
      `stomp.listeners.ssl.1 = 127.0.0.1:${ports.tls}`,
      `ssl_options.cacertfile = ${tls.ca}`,
      `ssl_options.certfile = ${tls.certificate}`,
      `ssl_options.keyfile = ${tls.key}`,
      "ssl_options.verify = verify_peer",
      "ssl_options.fail_if_no_peer_cert = true",
    );
  }
  return lines.join("\n") + "\n";
}
