import assert from "node:assert/strict";
import { LiveSecret } from "../../../lib/credentials/live_secret.ts";
import { Logger, type LogRecord } from "../../../lib/log/logger.ts";

/** A file with a secret, and what is said about it. */
class Stand implements AsyncDisposable {
  readonly path = Deno.makeTempFileSync();
  readonly #records: LogRecord[] = [];
  readonly #log = new Logger("test", [(record) => this.#records.push(record)]);

  put(text: string): void {
    Deno.writeTextFileSync(this.path, text);
  }

  /** Looks at every call, however young the file is. */
  open(quietMs = 0): LiveSecret {
    return LiveSecret.open(this.path, {
      ...{ log: this.#log, lookEveryMs: 0, quietMs },
      read: () => {
        const text = Deno.readTextFileSync(this.path);
        if (text === "") throw new Error("there is nothing in it");
        return text;
      },
    });
  }

  /** What was said since the last call. */
  said(): string[] {
    return this.#records.splice(0).map(({ message }) => message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path);
  }
}

Deno.test("LiveSecret.current() is what the file says now, however often it changes", async () => {
  await using stand = new Stand();
  stand.put("first");
  const secret = stand.open();
  assert.equal(secret.current(), "first");
  for (const text of ["other", "first", "third"]) {
    stand.put(text);
    assert.equal(secret.current(), text);
    assert.equal(secret.current(), text);
  }
  assert.deepEqual(stand.said(), []);
});

Deno.test("LiveSecret.current() keeps the last good secret while the file is of no use, and says so once", async () => {
  await using stand = new Stand();
  stand.put("good");
  const secret = stand.open();
  stand.put("");
  for (let look = 0; look < 3; look++) assert.equal(secret.current(), "good");
  assert.deepEqual(stand.said(), [
    "there is nothing in it. What was read before stays in use.",
  ]);
  stand.put("better");
  assert.equal(secret.current(), "better");
  assert.deepEqual(stand.said(), []);
});

Deno.test("LiveSecret.current() leaves a file alone that may still be written to", async () => {
  await using stand = new Stand();
  stand.put("whole");
  const secret = stand.open(60_000);
  stand.put("ha");
  assert.equal(secret.current(), "whole");
});

Deno.test("LiveSecret.open() throws what its reader throws", async () => {
  await using stand = new Stand();
  assert.throws(() => stand.open(), { message: "there is nothing in it" });
});
