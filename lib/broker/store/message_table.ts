/**
 * Messages as rows of an SQLite database.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Message } from "../message/message.ts";
import type { RecoveredMessage, StoredMessage } from "./store.ts";

/** Of the layout below; a later one will have to convert. */
const LAYOUT_VERSION = 1;

/** Rows read at once when everything is read. */
const PAGE_ROWS = 1000;

/**
 * `delivered` is apart, because a row of `messages` may be large and is never
 * written twice.
 */
const LAYOUT = `
  CREATE TABLE IF NOT EXISTS messages (
    sequence INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    durable INTEGER NOT NULL,
    size INTEGER NOT NULL,
    expires INTEGER,
    id TEXT NOT NULL,
    destination TEXT NOT NULL,
    persistent INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS delivered (
    sequence INTEGER PRIMARY KEY,
    times INTEGER NOT NULL
  ) STRICT;
`;

/** One row of `messages`, its content only. */
interface ContentRow {
  readonly id: string;
  readonly destination: string;
  readonly headers: string;
  readonly body: Uint8Array;
  readonly size: number;
  readonly persistent: number;
  readonly expires: number | null;
}

/** One row of the list of all messages. */
interface ListRow {
  readonly sequence: number;
  readonly queue: string;
  readonly size: number;
  readonly expires: number | null;
  readonly deliveries: number;
}

/** Reads and writes rows; whatever SQLite throws passes through. */
export class MessageTable {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepare>;

  /**
   * Takes the database into use: for itself alone, and so that what is
   * committed is on the disk.
   *
   * @throws {RangeError} when it was written by a later version
   */
  constructor(database: DatabaseSync) {
    this.#database = database;
    // Statements, because their errors carry SQLite's code and exec's do not.
    for (
      const pragma of [
        "locking_mode = EXCLUSIVE",
        // Room that messages leave can be given back to the disk.
        "auto_vacuum = INCREMENTAL",
        "journal_mode = WAL",
        "synchronous = FULL",
      ]
    ) {
      database.prepare(`PRAGMA ${pragma}`).get();
    }
    lay(database);
    this.#statements = prepare(database);
  }

  /** Does all that `work` does, or nothing of it. */
  transact(work: () => void): void {
    const { begin, commit, rollback } = this.#statements;
    begin.run();
    try {
      work();
      commit.run();
    } catch (error) {
      // SQLite has rolled back by itself already after some errors.
      if (this.#database.isTransaction) rollback.run();
      throw error;
    }
  }

  /** Adds a message. */
  insert({ sequence, queue, durable, message }: StoredMessage): void {
    this.#statements.insert.run(
      sequence,
      queue,
      Number(durable),
      message.size,
      message.expires ?? null,
      message.id,
      message.destination,
      Number(message.persistent),
      JSON.stringify([...message.headers]),
      message.body,
    );
  }

  /** Takes a message out; its size, if it was there. */
  remove(sequence: number): number | undefined {
    const row = this.#statements.remove.get(sequence);
    if (row === undefined) return undefined;
    this.#statements.unmark.run(sequence);
    return Number(row["size"]);
  }

  /** Remembers how many times a message was delivered, if it is there and durable. */
  mark(sequence: number, deliveries: number): void {
    this.#statements.mark.run(sequence, deliveries, sequence);
  }

  /** The size of a message that is there. */
  size(sequence: number): number | undefined {
    const row = this.#statements.size.get(sequence);
    return row && Number(row["size"]);
  }

  /** The content of a message that is there. */
  read(sequence: number): Message | undefined {
    const row = this.#statements.read.get(sequence) as ContentRow | undefined;
    if (row === undefined) return undefined;
    const { id, destination, size, body, persistent, expires, headers } = row;
    return {
      id,
      destination,
      headers: new Map(JSON.parse(headers)),
      body,
      size,
      persistent: persistent !== 0,
      ...(expires !== null && { expires }),
    };
  }

  /** Forgets all that was not to survive. */
  keepDurable(): void {
    this.transact(() => {
      const { dropTransient, dropMarks } = this.#statements;
      dropTransient.run();
      dropMarks.run();
    });
  }

  /** Everything that is there, by ascending sequence. */
  *list(): Generator<RecoveredMessage> {
    let last = 0;
    for (;;) {
      const rows = this.#statements.list.all(last, PAGE_ROWS) as unknown;
      for (const row of rows as ListRow[]) {
        const { sequence, queue, size, expires, deliveries } = row;
        last = sequence;
        yield {
          sequence,
          queue,
          size,
          deliveries,
          ...(expires !== null && { expires }),
        };
      }
      if ((rows as ListRow[]).length < PAGE_ROWS) return;
    }
  }

  /** Gives back to the disk what can be given back; does not throw. */
  shrink(): void {
    for (const step of ["incremental_vacuum", "wal_checkpoint(TRUNCATE)"]) {
      try {
        this.#database.prepare(`PRAGMA ${step}`).all();
      } catch {
        // A disk too full even for this stays as full as it is.
      }
    }
  }

  /** Ends it. */
  close(): void {
    this.#database.close();
  }
}

/** Makes the tables, unless they are there: then nothing is written, for the disk may be full. */
function lay(database: DatabaseSync): void {
  // From here on the database is locked against other processes.
  database.prepare("BEGIN IMMEDIATE").run();
  const row = database.prepare("PRAGMA user_version").get();
  const version = Number(row?.["user_version"]);
  if (version > LAYOUT_VERSION) {
    throw new RangeError("it was written by a later version of ssm");
  }
  if (version === 0) {
    database.exec(`${LAYOUT} PRAGMA user_version = ${LAYOUT_VERSION}`);
  }
  database.prepare("COMMIT").run();
}

function prepare(database: DatabaseSync) {
  const statement = (sql: string): StatementSync => database.prepare(sql);
  return {
    begin: statement("BEGIN IMMEDIATE"),
    commit: statement("COMMIT"),
    rollback: statement("ROLLBACK"),
    insert: statement(
      "INSERT INTO messages (sequence, queue, durable, size, expires, id, " +
        "destination, persistent, headers, body) " +
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    remove: statement(
      "DELETE FROM messages WHERE sequence = ? RETURNING size",
    ),
    unmark: statement("DELETE FROM delivered WHERE sequence = ?"),
    mark: statement(
      "INSERT INTO delivered SELECT ?, ? WHERE EXISTS " +
        "(SELECT 1 FROM messages WHERE sequence = ? AND durable) " +
        "ON CONFLICT DO UPDATE SET times = excluded.times",
    ),
    size: statement("SELECT size FROM messages WHERE sequence = ?"),
    read: statement(
      "SELECT id, destination, size, persistent, expires, headers, body " +
        "FROM messages WHERE sequence = ?",
    ),
    dropTransient: statement("DELETE FROM messages WHERE NOT durable"),
    dropMarks: statement(
      "DELETE FROM delivered WHERE sequence NOT IN " +
        "(SELECT sequence FROM messages)",
    ),
    list: statement(
      "SELECT sequence, queue, size, expires, coalesce(times, 0) AS deliveries " +
        "FROM messages LEFT JOIN delivered USING (sequence) " +
        "WHERE sequence > ? ORDER BY sequence LIMIT ?",
    ),
  };
}
