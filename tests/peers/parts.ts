/**
 * The real programs and files that the tests use as the other side, whether
 * this machine has them, and how to get them.
 *
 * A test that needs a part is registered with {@linkcode testWith}; it is
 * skipped where the part is missing, and the test runner says so.
 *
 * @module
 */

/** A program, library or right that not every machine has. */
export type Part =
  | "openssl"
  | "python3-dirq"
  | "python3-stomp"
  | "ruby-stomp"
  | "net-stomp"
  | "php-stomp"
  | "ssm broker"
  | "stompserver"
  | "activemq"
  | "rabbitmq"
  | "erlang-ssl"
  | "haproxy"
  | "igtf"
  | "script"
  | "root"
  | "protected-hardlinks"
  | "denort";

interface PartFacts {
  /** What it is, for a person. */
  readonly what: string;
  /** What to do to have it. */
  readonly enable: string;
  /**
   * A part that no package provides. Its tests are not registered where it is
   * missing; so they are neither run nor counted, and the runner says that.
   *
   * @default false
   */
  readonly optional?: boolean;
  /**
   * A server that runs on from test to test, its output with it; so its tests
   * are not searched for what they leave behind.
   *
   * @default false
   */
  readonly outlivesTests?: boolean;
  /** Looks for it on this machine. */
  readonly present: () => boolean;
}

/** Every part, in the order in which the runner names the missing ones. */
export const PARTS: Readonly<Record<Part, PartFacts>> = {
  "openssl": {
    what: "the openssl command",
    enable: "apt-get install openssl",
    present: () => answers("openssl", ["version"]),
  },
  "python3-dirq": {
    what: "dirq for Python",
    enable: "apt-get install python3-dirq",
    present: () => answers("/usr/bin/python3", ["-c", "import dirq.queue"]),
  },
  "python3-stomp": {
    what: "stomp.py",
    enable: "apt-get install python3-stomp",
    present: () => answers("/usr/bin/python3", ["-c", "import stomp"]),
  },
  "ruby-stomp": {
    what: "the stomp gem of Ruby",
    enable: "apt-get install ruby-stomp",
    present: () => answers("ruby", ["-e", 'require "stomp"']),
  },
  "net-stomp": {
    what: "Net::Stomp for Perl",
    enable: "apt-get install libnet-stomp-perl",
    present: () => answers("perl", ["-MNet::Stomp", "-e", "1"]),
  },
  "php-stomp": {
    what: "the stomp extension of PHP",
    enable: "apt-get install php-cli php-stomp",
    present: () =>
      answers("php", ["-r", 'exit(class_exists("Stomp") ? 0 : 1);']),
  },
  "ssm broker": {
    what: "the program itself, as a server that several tests share",
    enable: "nothing: it is there",
    outlivesTests: true,
    present: () => true,
  },
  "stompserver": {
    what: "stompserver, a broker in Ruby",
    enable: "apt-get install stompserver",
    outlivesTests: true,
    present: () => answers("ruby", ["-e", 'require "stomp_server"']),
  },
  "activemq": {
    what: "ActiveMQ and a Java runtime",
    enable: "apt-get install activemq default-jre-headless",
    outlivesTests: true,
    present: () =>
      exists("/usr/share/activemq/bin/activemq.jar") &&
      exists("/usr/share/activemq/lib/activemq-stomp.jar") &&
      answers("java", ["-version"]),
  },
  "rabbitmq": {
    what: "RabbitMQ",
    enable: "apt-get install rabbitmq-server",
    outlivesTests: true,
    present: () =>
      exists("/usr/lib/rabbitmq/bin/rabbitmq-server") &&
      exists("/usr/bin/epmd"),
  },
  "erlang-ssl": {
    what: "Erlang's TLS",
    enable: "apt-get install erlang-base erlang-ssl",
    outlivesTests: true,
    present: () =>
      answers("erl", [
        ...["-noshell", "-eval"],
        "halt(case code:which(ssl) of non_existing -> 1; _ -> 0 end).",
      ]),
  },
  "haproxy": {
    what: "HAProxy",
    enable: "apt-get install haproxy",
    present: () => answers("haproxy", ["-v"]),
  },
  "igtf": {
    what: "the IGTF's CA files",
    enable: "apt-get install igtf-policy-classic igtf-policy-mics " +
      "igtf-policy-slcs igtf-policy-iota igtf-policy-experimental " +
      "igtf-policy-unaccredited",
    present: () => exists("/etc/grid-security/certificates"),
  },
  "script": {
    what: "the script command (a terminal to write to)",
    enable: "apt-get install bsdutils",
    present: () => answers("script", ["--version"]),
  },
  "root": {
    what: "the rights of root (small mounted file systems)",
    enable: "run the tests as root",
    present: () => Deno.uid() === 0,
  },
  "protected-hardlinks": {
    what: "the rights of root, setpriv, and a kernel that protects hard links",
    enable:
      "run the tests as root, with util-linux, after sysctl fs.protected_hardlinks=1",
    present: () =>
      Deno.uid() === 0 && answers("setpriv", ["--version"]) &&
      answers("grep", ["-qx", "1", "/proc/sys/fs/protected_hardlinks"]),
  },
  "denort": {
    what: "a base runtime for deno compile",
    enable: "set DENORT_BIN to one of this Deno's version",
    optional: true,
    present: () => exists(Deno.env.get("DENORT_BIN") ?? ""),
  },
};

const known = new Map<Part, boolean>();

/** Tells whether this machine has a part; looked up once. */
function hasPart(part: Part): boolean {
  const before = known.get(part);
  if (before !== undefined) return before;
  const now = PARTS[part].present();
  known.set(part, now);
  return now;
}

/** Those of `parts` that this machine lacks. */
export function missingParts(
  parts: readonly Part[] = Object.keys(PARTS) as Part[],
): Part[] {
  return parts.filter((part) => !hasPart(part));
}

/**
 * Registers a test that needs parts of the machine. Where one is missing the
 * test is skipped, under a name that {@linkcode partsNeeded} reads again.
 */
export function testWith(
  parts: readonly Part[],
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
): void {
  const missing = missingParts(parts);
  if (missing.some((part) => PARTS[part].optional)) return;
  const ignore = missing.length > 0;
  const searched = !parts.some((part) => PARTS[part].outlivesTests);
  Deno.test({
    name: ignore ? `${name} [needs ${missing.join(", ")}]` : name,
    ignore,
    sanitizeOps: searched,
    sanitizeResources: searched,
    fn,
  });
}

/** The missing parts that the name of a skipped test states. */
export function partsNeeded(testName: string): Part[] {
  const stated = /\[needs ([^\]]+)\]$/.exec(testName)?.[1] ?? "";
  return stated.split(", ").filter((name): name is Part => name in PARTS);
}

/**
 * One server for all tests of a file: started before the first of them, closed
 * after the last, and not at all where a part is missing.
 *
 * @returns what gives the running server, inside a test
 */
export function sharedServer<T extends AsyncDisposable>(
  parts: readonly Part[],
  start: () => Promise<T>,
): () => T {
  let server: T | undefined;
  if (missingParts(parts).length === 0) {
    Deno.test.beforeAll(async () => {
      server = await start();
    });
    Deno.test.afterAll(async () => {
      await server?.[Symbol.asyncDispose]();
    });
  }
  return () => {
    if (server === undefined) throw new Error("Server is not running");
    return server;
  };
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function answers(command: string, args: string[]): boolean {
  try {
    const { success } = new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return success;
  } catch {
    return false;
  }
}
