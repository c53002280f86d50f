/**
 * `ssm reject retry`: judging messages again.
 *
 * @module
 */
import { quoted, SsmError } from "../../errors.ts";
import { type Retried, retryRejected } from "../../ssm/mod.ts";
import { systemClock } from "../../time/mod.ts";
import type { CommandContext } from "../command/command.ts";
import { type Emphasis, EXIT, type Terminal } from "../command/terminal.ts";
import { openLog } from "../process/logging.ts";
import type { RejectStore } from "../wiring/rejected.ts";
import { WIRE_LOG } from "../wiring/ssm2.ts";
import { printJson } from "../views/outcome.ts";
import { counted } from "../views/table.ts";

/** Judges the chosen messages; the exit status. */
export async function retryChosen(
  store: RejectStore,
  ids: readonly string[],
  { json, ...context }: CommandContext & { json: boolean },
): Promise<number> {
  const { terminal, signal } = context;
  if (ids.length > 0) await assertOwner(store.path);
  // The console is the operator's, who is told otherwise.
  using logging = await openLog(
    async () => ({ ...await store.logging(), console: false }),
    context,
  );
  const log = logging.logger(WIRE_LOG);
  const retried: Retried[] = [];
  if (ids.length > 0) {
    const judge = await store.judge(log);
    log.info(
      `Judging again what is in reject: ${counted(ids.length, "message")}`,
    );
    await retryRejected({
      ...await store.open(),
      rejected: store.rejected,
      envelope: judge.envelope,
      ids,
      log,
      signal,
      clock: systemClock,
      onRetried: (one) => {
        retried.push(one);
        if (!json) tell(one, terminal);
      },
    });
  }
  const done = retried.filter(isDone).length;
  if (json) printJson(terminal, { retried: retried.map(retriedDocument) });
  else {terminal.out(
      `${done} of ${counted(ids.length, "message")} went to incoming`,
    );}
  return done === ids.length ? EXIT.ok : EXIT.failure;
}

/**
 * What root delivers into the directory of another user, that user's loader cannot read.
 *
 * @throws {SsmError} `SPOOL`
 */
async function assertOwner(path: string): Promise<void> {
  const { uid } = await Deno.stat(path);
  if (Deno.uid() !== 0 || uid === 0 || uid === null) return;
  throw new SsmError(
    "SPOOL",
    `Cannot deliver as root: ${
      quoted(path)
    } belongs to the user ${uid}, who could not read it`,
    { hint: "run it as that user: runuser -u NAME -- ssm reject retry …" },
  );
}

function isDone({ outcome }: Retried): boolean {
  return outcome === "incoming" || outcome === "duplicate";
}

const WORDS: Readonly<
  Record<Retried["outcome"], readonly [word: string, Emphasis, what: string]>
> = {
  incoming: ["incoming", "good", "it is there as"],
  duplicate: ["known", "good", "it was delivered before, and is removed"],
  reject: ["reject", "bad", "it stays"],
  held: ["held", "bad", "another process works on it"],
  gone: ["gone", "bad", "it is not in reject any more"],
  failed: ["failed", "bad", "it stays as it was"],
};

function tell(
  { id, outcome, name, reason }: Retried,
  terminal: Terminal,
): void {
  const [word, emphasis, what] = WORDS[outcome];
  const words = [what, ...(name === undefined ? [] : [name])].join(" ");
  const why = reason === undefined ? "" : `: ${reason}`;
  terminal.out(`${word.padEnd(8)}  ${id}  ${words}${why}`, emphasis);
}

function retriedDocument({ id, outcome, name = null, reason = null }: {
  [Key in keyof Retried]: Retried[Key] | null;
}) {
  return { id, outcome, name, reason };
}
