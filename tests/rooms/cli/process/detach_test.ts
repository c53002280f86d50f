import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import {
  type Outcome,
  Running,
  ssm,
  ssmCommand,
} from "../../../kit/programs/program.ts";
import { type Site, siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

/** A receiver in the background, ended on disposal. */
class Daemon implements Disposable {
  readonly pid: number;
  readonly #site: Site;

  private constructor(site: Site, pid: number) {
    this.#site = site;
    this.pid = pid;
  }

  /** The one that the site's pidfile names. */
  static async find(site: Site): Promise<Daemon> {
    const text = await Deno.readTextFile(site.pidfile);
    assert.match(text, /^\d+\n$/);
    return new Daemon(site, Number(text));
  }

  /** Waits for a line of its log. */
  async line(pattern: RegExp): Promise<void> {
    const args = ["-n", "+1", "-F", this.#site.logfile] as const;
    await using log = new Running(["tail", ...args]);
    await log.line(pattern);
  }

  /** Asks it to stop, and waits until it has. */
  async stop(): Promise<void> {
    Deno.kill(this.pid, "SIGTERM");
    await this.line(/ssmreceive - INFO - Receiving SSM has shut down/);
  }

  /** The session it is in. */
  async session(): Promise<number> {
    const { stdout } = await new Deno.Command("cat", {
      args: [`/proc/${this.pid}/stat`],
    }).output();
    // Number, (name), state, parent, group, session: the name may hold anything.
    const [, rest = ""] = /^.*\) (.*)/.exec(new TextDecoder().decode(stdout)) ??
      [];
    return Number(rest.split(" ")[3]);
  }

  [Symbol.dispose](): void {
    try {
      Deno.kill(this.pid, "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  }
}

async function detach(site: Site, port: number): Promise<Outcome> {
  const config = await site.receiver(port);
  return await ssm(["receive", "-c", config, "--detach"]);
}

const SILENT = { status: 0, stdout: "", stderr: "" };

test("ssm receive --detach returns when the daemon is up, which lives on alone", async (site) => {
  await using broker = await TestBroker.start();
  // Its output is read to the end: the daemon does not hold on to it.
  assert.deepEqual(await detach(site, broker.port), SILENT);
  using daemon = await Daemon.find(site);
  assert.equal(await daemon.session(), daemon.pid, "no session of its own");
  await daemon.line(/Subscribing to: /);
  const client = await broker.connect();
  await client.confirmed(
    "SEND",
    { destination: "/queue/test", "empa-id": "x" },
    await site.sign(site.pki.ec, "payload"),
  );
  await daemon.line(/Message saved to incoming queue/);
  await daemon.stop();
  await assert.rejects(Deno.lstat(site.pidfile), Deno.errors.NotFound);
  const log = (await site.log()).map((line) => line.replace(/^\S+ - /, ""));
  assert.deepEqual(
    log.slice(1, 5).map((line) => line.replace(/ [\d.]+$/, "")),
    [
      "INFO - Starting receiving SSM version",
      "INFO - Setting up SSM with protocol: STOMP",
      "INFO - The SSM will run as a daemon.",
      "INFO - Fetching valid DNs.",
    ],
  );
  assert.equal(log.at(-2), "INFO - Receiving SSM has shut down.");
});

test("ssm --config --detach does the same for a file of a receiver", async (site) => {
  const config = await site.receiver(1);
  const outcome = await ssm(["--config", config, "--detach"]);
  using daemon = await Daemon.find(site);
  assert.deepEqual(outcome, SILENT);
  await daemon.stop();
});

test("ssm receive --detach fails with the reason when the daemon cannot start", async (site) => {
  await site.write("dns", "");
  const { status, stdout, stderr } = await detach(site, 1);
  assert.deepEqual({ status, stdout }, {
    status: 1,
    stdout: "SSM failed to start.  See log file for details.\n",
  });
  assert.match(stderr, /^ssm: error: Cannot use the DN list .*no DN in it\n/);
  assert.ok(
    (await site.log()).some((line) =>
      line.startsWith(
        "ssmreceive - CRITICAL - Failed to initialise SSM: Cannot",
      )
    ),
  );
  await assert.rejects(Deno.lstat(site.pidfile), Deno.errors.NotFound);
});

test("ssm receive --detach fails with the reason when the file is wrong", async (site) => {
  const config = await site.receiver(1, { broker: { port: "ten" } });
  const { status, stderr } = await ssm(["receive", "-c", config, "--detach"]);
  assert.equal(status, 1);
  assert.match(stderr, /^ssm: error: Cannot use "port" in section \[broker\]/);
});

test("ssm receive --detach refuses to start a second daemon", async (site) => {
  assert.deepEqual(await detach(site, 1), SILENT);
  using daemon = await Daemon.find(site);
  const { status, stdout } = await detach(site, 1);
  assert.deepEqual({ status, stdout }, {
    status: 1,
    stdout: `Cannot start SSM.  Pidfile ${site.pidfile} already exists.\n`,
  });
  assert.equal((await Daemon.find(site)).pid, daemon.pid);
  await daemon.stop();
});

test("of several ssm receive --detach at once one starts", async (site) => {
  const config = await site.receiver(1);
  await site.write("ssm.pid", "999999999\n"); // no process has this number
  const outcomes = await Promise.all(
    Array.from({ length: 3 }, () => ssm(["receive", "-c", config, "--detach"])),
  );
  using daemon = await Daemon.find(site);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), [0, 1, 1]);
  await daemon.stop();
});

/** An executable that is ssm. */
async function program(site: Site): Promise<string> {
  const path = await site.write(
    "ssm",
    `#!/bin/sh\nexec ${ssmCommand([]).join(" ")} "$@"\n`,
  );
  await Deno.chmod(path, 0o755);
  return path;
}

function scriptPath(name: string): string {
  return fileURLToPath(new URL(`../../../../scripts/${name}`, import.meta.url));
}

test("scripts/ssmreceive starts the daemon, as init scripts expect of the Python program", async (site) => {
  const config = await site.receiver(1, { messaging: { dn_file: "/nowhere" } });
  const script = scriptPath("ssmreceive");
  await using started = new Running(
    [script, "-c", config, "-d", `${site.dir}/dns`],
    { env: { SSM: await program(site) } },
  );
  const outcome = await started.end();
  using daemon = await Daemon.find(site);
  assert.deepEqual(outcome, SILENT);
  await daemon.stop();
});

test("scripts/ssmsend sends", async (site) => {
  await using broker = await TestBroker.start();
  await site.drop("a message");
  const config = await site.sender(broker.port);
  const script = scriptPath("ssmsend");
  await using sender = new Running([script, "--config", config], {
    env: { SSM: await program(site) },
  });
  assert.deepEqual(await sender.end(), SILENT);
  assert.deepEqual(await site.waiting(), []);
});
