/**
 * The list of allowed signers, kept up to date while the receiver runs.
 *
 * @module
 */
import {
  describeLine,
  DnList,
  type DnListOptions,
  type MalformedLine,
  type Refreshed,
} from "./dn_list.ts";
import type { Logger } from "../log/mod.ts";
import { type Clock, systemClock } from "../time/mod.ts";
import { normaliseDn } from "../pki/mod.ts";

/** How often the file is looked at, at most, in ms. */
const LOOK_EVERY_MS = 1000;

/** A DN list that looks at its file when it is asked, and says what it finds there. */
export class AllowedDns {
  readonly #list: DnList;
  readonly #log: Logger;
  readonly #clock: Clock;
  #lookedAt: number;
  #problem = "";

  private constructor(list: DnList, log: Logger, clock: Clock) {
    this.#list = list;
    this.#log = log;
    this.#clock = clock;
    this.#lookedAt = clock.now();
    this.#tell();
  }

  /** @throws {SsmError} `DN_LIST` when there is no usable list. */
  static async open(
    file: string,
    log: Logger,
    options: Pick<DnListOptions, "ignoreCase" | "clock"> = {},
  ): Promise<AllowedDns> {
    const { clock = systemClock } = options;
    const repair = (line: MalformedLine) => repairLine(line, log);
    const list = await DnList.open(file, { ...options, repair });
    return new AllowedDns(list, log, clock);
  }

  /** Is a signer with these spellings of its DN allowed, as of now? */
  async has(spellings: readonly string[]): Promise<boolean> {
    if (this.#clock.now() - this.#lookedAt > LOOK_EVERY_MS) {
      this.#note(await this.#list.refresh());
    }
    return spellings.some((spelling) => this.#list.has(spelling));
  }

  /** Why somebody might think that a refused signer is listed. */
  near(dn: string): string | undefined {
    return this.#list.near(dn);
  }

  /** Reads the list again because somebody says that it is complete. */
  async reload(): Promise<void> {
    this.#note(await this.#list.refresh({ complete: true }));
  }

  #note(refreshed: Refreshed): void {
    this.#lookedAt = this.#clock.now();
    const problem = refreshed.status === "kept" ? refreshed.problem : "";
    if (problem !== "" && problem !== this.#problem) {
      this.#log.warning(`${problem}. The last good list stays in force.`);
    }
    this.#problem = problem;
    if (refreshed.status !== "changed") return;
    this.#log.info("Refreshing valid DNs.");
    this.#tell();
  }

  #tell(): void {
    for (const line of this.#list.malformed) {
      this.#log.warning(`DN in incorrect format: ${describeLine(line)}`);
    }
    this.#log.debug(`${this.#list.size} DNs found.`);
  }
}

function repairLine(line: MalformedLine, log: Logger): string | undefined {
  const dn = normaliseDn(line.text);
  if (dn !== undefined) {
    log.warning(
      `DN in incorrect format: ${describeLine(line)}. It is taken for ${dn}`,
    );
  }
  return dn;
}
