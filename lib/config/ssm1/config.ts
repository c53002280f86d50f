/**
 * The configuration of SSM1, of a producer, a consumer or both.
 *
 * @module
 */
import { ConfigError, type ConfigPlace, placeText } from "../config_error.ts";
import type { Ini } from "../ini/parse.ts";
import {
  findKey,
  type Key,
  keyPlace,
  readSection,
  type Table,
  type Values,
} from "../schema/keys.ts";
import {
  type BrokerConfig,
  brokerConfig,
  completeLogging,
  type Loaded,
  type LoggingConfig,
} from "../files/shared_sections.ts";
import { secretsIn } from "../files/secrets.ts";
import { LOGGING_TABLE } from "../tables/shared_tables.ts";
import { asPython2 } from "../ini/python2_values.ts";
import { ssm1FileWarnings } from "./file_warnings.ts";
import { SSM1_TABLES } from "./tables.ts";
import { expandVariables, type Surroundings } from "../ini/variables.ts";

type Tables = typeof SSM1_TABLES;

/** Everything a process of SSM1 is told by its file. */
export interface Ssm1Config {
  readonly file: string;
  readonly broker: BrokerConfig & Pick<Values<Tables["broker"]>, "retryForMs">;
  readonly certificates: Values<Tables["certificates"]>;
  readonly pidfile: string | undefined;
  readonly messages: Values<Tables["messagedb"]>;
  readonly logging: LoggingConfig;
  /** Says what `logging` does not; `undefined` if there is none, or if it is overridden. */
  readonly logConfFile: string | undefined;
  /** `undefined` in a process that does not receive. */
  readonly consumer: Values<Tables["consumer"]> | undefined;
  /** `undefined` in a process that does not send. */
  readonly producer: Values<Tables["producer"]> | undefined;
}

/** Whether a file is for SSM1. */
export function isSsm1(ini: Ini): boolean {
  if (ini.has("messagedb")) return true;
  const has = (section: string) => ini.has(section);
  return ["consumer", "producer"].some(has) &&
    !["sender", "receiver", "messaging"].some(has);
}

/**
 * Reads the configuration of SSM1.
 *
 * @throws {ConfigError} at the first thing that cannot be used.
 */
export function readSsm1Config(
  ini: Ini,
  surroundings: Surroundings,
): Loaded<Ssm1Config> {
  const reader = new Reader(ini, surroundings);
  const config = reader.read();
  return {
    config,
    warnings: reader.warnings,
    secrets: reader.secretsOf(config),
  };
}

/** Keys in which a `$` is a `$`. */
const LITERAL = ["username", "password"];

class Reader {
  readonly warnings: string[];
  readonly #ini: Ini;
  readonly #surroundings: Surroundings;

  constructor(ini: Ini, surroundings: Surroundings) {
    const read = asPython2(ini);
    this.#ini = read.ini;
    this.#surroundings = surroundings;
    this.warnings = [...read.warnings, ...ssm1FileWarnings(this.#ini)];
  }

  read(): Ssm1Config {
    const { logConfFile, logging } = this.#logging();
    const config = {
      file: this.#ini.file,
      broker: this.#broker(),
      certificates: this.#section("certificates", SSM1_TABLES.certificates),
      pidfile: this.#section("pidfile", SSM1_TABLES.pidfile).pidfile,
      messages: this.#section("messagedb", SSM1_TABLES.messagedb),
      logging,
      logConfFile,
      consumer: this.#role("consumer", SSM1_TABLES.consumer),
      producer: this.#role("producer", SSM1_TABLES.producer),
    };
    this.#assertSomethingToDo(config);
    return Object.freeze(config);
  }

  /** A password that is not told to anybody is none. */
  secretsOf({ broker: { passcode } }: Ssm1Config): string[] {
    return passcode === undefined ? [] : secretsIn(this.#ini, SSM1_TABLES);
  }

  #section<T extends Table>(section: string, table: T): Values<T> {
    return readSection(this.#ini, section, table, {
      rewrite: (text, place) => this.#expand(text, place),
    });
  }

  #expand(written: string, place: ConfigPlace): string {
    if (LITERAL.includes(place.key ?? "")) return written;
    const { text, unknown } = expandVariables(written, this.#surroundings);
    for (const variable of unknown) {
      this.warnings.push(
        `Unknown variable ${variable} in ${
          placeText(place)
        }: it stays as it is`,
      );
    }
    return text;
  }

  #broker(): Ssm1Config["broker"] {
    const table = SSM1_TABLES.broker;
    this.#refuseBdii();
    const values = this.#section("broker", table);
    const { usePassword, retryForMs, login, passcode, ...others } = values;
    // Where there is no password, the keys are often there with nothing in them.
    const user = {
      login: usePassword ? login || undefined : undefined,
      passcode: usePassword ? passcode || undefined : undefined,
      passcodeFile: usePassword ? others.passcodeFile : undefined,
    };
    const missing = user.login === undefined
      ? table.login
      : (user.passcode ?? user.passcodeFile) === undefined
      ? table.passcode
      : undefined;
    if (usePassword && missing) {
      throw new ConfigError(
        keyPlace(this.#ini, "broker", missing),
        "it is missing, although use-pwd is true",
      );
    }
    const broker = brokerConfig(this.#ini, { ...others, ...user }, table);
    return Object.freeze({ ...broker, retryForMs });
  }

  /** With a host the keys of the BDII are only obsolete. */
  #refuseBdii(): void {
    if (findKey(this.#ini, "broker", SSM1_TABLES.broker.hosts)) return;
    const key = {
      name: "bdii-url",
      aliases: ["bdii_url", "broker-network", "broker_network"],
    };
    if (!findKey(this.#ini, "broker", key)) return;
    throw new ConfigError(
      keyPlace(this.#ini, "broker", key),
      "brokers are not looked up in a BDII any more",
      { hint: "Name the broker itself in [broker]: host = … and port = …" },
    );
  }

  #logging(): Pick<Ssm1Config, "logging" | "logConfFile"> {
    const table = SSM1_TABLES.logging;
    const { logConfFile, ...values } = this.#section("logging", table);
    const logging = completeLogging(values);
    const own = Object.values<Key<unknown>>(LOGGING_TABLE)
      .find((key) => findKey(this.#ini, "logging", key));
    if (logConfFile === undefined || own === undefined) {
      return { logging, logConfFile };
    }
    const place = keyPlace(this.#ini, "logging", table.logConfFile);
    this.warnings.push(
      `Superfluous key ${
        placeText(place)
      }: "${own.name}" and the like go before it`,
    );
    return { logging, logConfFile: undefined };
  }

  /** `undefined` when the role is off: without its section, or without a key that must be there. */
  #role<T extends Table>(role: string, table: T): Values<T> | undefined {
    if (!this.#ini.has(role)) return undefined;
    const missing = this.#missing(role, table);
    for (const key of missing) {
      const place = placeText(keyPlace(this.#ini, role, key));
      this.warnings.push(`Missing key ${place}: the ${role} is turned off`);
    }
    return missing.length > 0 ? undefined : this.#section(role, table);
  }

  #missing(section: string, table: Table): Key<unknown>[] {
    return Object.values(table).filter((key) =>
      key.required && !findKey(this.#ini, section, key)
    );
  }

  #assertSomethingToDo({ consumer, producer }: Ssm1Config): void {
    if (consumer ?? producer) return;
    const lacks = (["consumer", "producer"] as const)
      .filter((role) => this.#ini.has(role))
      .map((role) => {
        const missing = this.#missing(role, SSM1_TABLES[role]);
        return `[${role}] lacks ${missing.map(({ name }) => name).join(", ")}`;
      });
    const state = lacks.length > 0
      ? lacks.join(" and ")
      : "it has neither [consumer] nor [producer]";
    throw new ConfigError(
      { file: this.#ini.file },
      `there is nothing to do, ${state}`,
    );
  }
}
