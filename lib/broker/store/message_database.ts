/**
 * The database of a store, in its directory.
 *
 * @module
 */
import { isErrno, reason, SsmError } from "../../errors.ts";
import { MessageTable } from "./message_table.ts";
import { isBusy } from "./sqlite_errors.ts";

/**
 * Opens it; directory and database are made if need be.
 *
 * @throws {SsmError} `RUNNING` when another process uses it, `SPOOL` when it
 *   cannot be used.
 */
export async function openMessageTable(
  directory: string,
): Promise<MessageTable> {
  try {
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
    const file = `${directory}/messages.sqlite`;
    await makePrivate(file);
    // Loaded here, so that a broker without a disk does not pay for it.
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(file);
    try {
      return new MessageTable(database);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    if (isBusy(error)) {
      throw new SsmError(
        "RUNNING",
        `Cannot open the message store in ${directory}: another broker uses it`,
      );
    }
    throw new SsmError(
      "SPOOL",
      `Cannot open the message store in ${directory}: ${reason(error)}`,
      { cause: error },
    );
  }
}

/**
 * Makes an empty file that only its owner may read; what SQLite makes beside it
 * takes after it. One that is there is not touched: to open and close it would
 * end the locks that this process has on it.
 */
async function makePrivate(path: string): Promise<void> {
  try {
    using _ = await Deno.open(path, {
      createNew: true,
      write: true,
      mode: 0o600,
    });
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
}
