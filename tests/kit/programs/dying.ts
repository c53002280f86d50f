/**
 * A process that says which changes of the disk it makes, and kills itself before
 * one of them.
 *
 * @module
 */

/** Its steps, told by names that are the same for every message. */
export class Dying {
  readonly #root: string;
  readonly #killAt: number;
  #steps = 0;

  /**
   * Watches what this process does to files from now on.
   *
   * @param root the directory to which names are relative
   * @param killAt the number of the step before which it is killed, from 1
   */
  constructor(root: string, killAt: number) {
    this.#root = root;
    this.#killAt = killAt;
    this.#watch();
  }

  /** Before a step; what a sync did cannot be seen, so that after it needs no kill. */
  step(name: string): void {
    say(name);
    if (++this.#steps === this.#killAt) Deno.kill(Deno.pid, "SIGKILL");
  }

  #watch(): void {
    const { openSync, linkSync, symlinkSync, renameSync, removeSync, remove } =
      Deno;
    const { sync } = Deno.FsFile.prototype;
    const opened = new WeakMap<Deno.FsFile, string>();
    const step = (what: string, path: string | URL) =>
      this.step(`${what} ${this.#shortened(path)}`);
    Deno.openSync = (path, options) => {
      if (options?.createNew) step("create", path);
      const file = openSync(path, options);
      opened.set(file, this.#shortened(path));
      return file;
    };
    const stepAt = (name: string) => this.step(name);
    Deno.FsFile.prototype.sync = async function () {
      stepAt(`sync ${opened.get(this)}`);
      await sync.call(this);
      say(`synced ${opened.get(this)}`);
    };
    Deno.linkSync = (from, to) => {
      step("link", to);
      linkSync(from, to);
    };
    Deno.symlinkSync = (text, path, options) => {
      step("enter", path);
      symlinkSync(text, path, options);
    };
    Deno.renameSync = (from, to) => {
      step("rename", to);
      renameSync(from, to);
    };
    Deno.removeSync = (path, options) => {
      step("remove", path);
      removeSync(path, options);
    };
    Deno.remove = async (path, options) => {
      step("remove", path);
      await remove(path, options);
    };
  }

  #shortened(file: string | URL): string {
    return String(file).slice(this.#root.length + 1)
      .replace(/\d{8}-\d{6}-\d{3}/, "ID")
      .replace(/[0-9a-f]{64}/, "KEY")
      .replace(/\/[0-9a-f]{14}$/, "/ELEMENT")
      .replace(/\b[0-9a-f]{16}\b/, "TOKEN")
      .replace(/(TOKEN\.|ledger\/incoming\/)[0-9a-f]{32}/, "$1MARK")
      .replace(/[0-9a-f]{32}/, "MD5")
      .replace(/[0-9a-f]{32}/, "MARK");
  }
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
