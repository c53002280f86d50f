import assert from "node:assert/strict";
import { userTable } from "../../../../lib/broker/mod.ts";
import { TestBroker, text } from "../../../kit/net/test_broker.ts";
import { freePort } from "../../../kit/net/free_port.ts";
import {
  Running,
  saying,
  ssm,
  ssmCommand,
} from "../../../kit/programs/program.ts";
import { AnsweringBroker, content } from "../../../kit/net/answering_broker.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

/** Everything in a queue, as a client without manners sees it. */
async function drain(server: TestBroker, queue: string, count: number) {
  const client = await server.connect();
  client.send("SUBSCRIBE", { id: "1", destination: queue, ack: "auto" });
  const messages = await client.messages(count);
  assert.deepEqual(await client.pending(), []);
  return messages;
}

function stomper(port: number, args: string[], stdin = "") {
  return ssm(["stomper", `--port=${port}`, "--host=127.0.0.1", ...args], {
    stdin: saying(stdin),
  });
}

const DONE = { status: 0, stdout: "", stderr: "" };

Deno.test("ssm stomper sends each line that is not empty as text", async () => {
  await using server = await TestBroker.start();
  const outcome = await stomper(
    server.port,
    ["--topic", "/queue/a", "--header", "x:a:b", "--header=persistent:true"],
    "one\n\n  two: ü\r\n\r\nlast",
  );
  assert.deepEqual(outcome, DONE);
  const messages = await drain(server, "/queue/a", 3);
  assert.deepEqual(messages.map(text), ["one", "  two: ü", "last"]);
  for (const { headers } of messages) {
    assert.equal(headers.get("content-type"), "text/plain");
    assert.equal(headers.get("x"), "a:b");
    assert.equal(headers.get("persistent"), "true");
  }
});

Deno.test("ssm stomper sends a thousand lines in their order", async () => {
  await using server = await TestBroker.start();
  const lines = Array.from({ length: 1000 }, (_, n) => `line ${n}`);
  const args = ["--destination=/queue/a", "--receipt"];
  assert.deepEqual(await stomper(server.port, args, lines.join("\n")), DONE);
  const messages = await drain(server, "/queue/a", 1000);
  assert.deepEqual(messages.map(text), lines);
});

test("ssm stomper --file sends whole files, and leaves standard input alone", async (site) => {
  await using server = await TestBroker.start();
  const bytes = Uint8Array.from({ length: 70_000 }, (_, n) => n);
  const big = `${site.dir}/big`;
  await Deno.writeFile(big, bytes);
  const small = await site.write("small", "a\n\nb\n");
  const args = ["--destination=/queue/a", "--file", big, "--file", small];
  assert.deepEqual(await stomper(server.port, args, "not this"), DONE);
  const typed = [...args, "--type=text/csv"];
  assert.deepEqual(await stomper(server.port, typed), DONE);
  const messages = await drain(server, "/queue/a", 4);
  assert.deepEqual(
    messages.map(({ headers }) => headers.get("content-type")),
    [..."ab"].map(() => "application/octet-stream")
      .concat("text/csv", "text/csv"),
  );
  assert.deepEqual(new Uint8Array(messages[0]!.body), bytes);
  assert.equal(text(messages[1]!), "a\n\nb\n");
});

for (const receipt of [true, false]) {
  Deno.test(
    `ssm stomper ${receipt ? "--receipt" : "without --receipt"} waits for the ${
      receipt ? "messages" : "goodbye"
    } to be confirmed`,
    async () => {
      const asked: string[] = [];
      await using broker = await AnsweringBroker.start((frame, peer) => {
        if (frame.headers.has("receipt")) asked.push(frame.command);
        return content(frame, peer);
      });
      const args = ["--topic=a", ...(receipt ? ["--receipt"] : [])];
      assert.deepEqual(await stomper(broker.port, args, "1\n2\n"), DONE);
      const sends = receipt ? ["SEND", "SEND"] : [];
      assert.deepEqual(asked, [...sends, "DISCONNECT"]);
    },
  );

  Deno.test(`ssm stomper ${receipt ? "--receipt goes on after" : "fails for"} a lost connection`, async () => {
    let connections = 0;
    const sent: string[] = [];
    await using broker = await AnsweringBroker.start((frame, peer) => {
      if (frame.command === "CONNECT") connections++;
      if (frame.command !== "SEND") return content(frame, peer);
      sent.push(text(frame));
      return connections === 1 ? peer.close() : content(frame, peer);
    });
    const args = ["--topic=a", ...(receipt ? ["--receipt"] : [])];
    const outcome = await stomper(broker.port, args, "1\n");
    if (receipt) {
      assert.equal(outcome.status, 0, outcome.stderr);
      assert.match(outcome.stderr, /^ssm: warning: Lost connection to .*\n$/);
      assert.deepEqual(sent, ["1", "1"]);
    } else {
      assert.equal(outcome.status, 1);
      assert.match(
        outcome.stderr,
        /^ssm: error: .*not everything may have arr/m,
      );
      assert.match(outcome.stderr, /^ssm: hint: with --receipt /m);
      assert.equal(connections, 1);
    }
  });
}

Deno.test("ssm stomper fails with the broker's words for a message it refuses", async () => {
  await using broker = await AnsweringBroker.start((frame, peer) => {
    if (frame.command !== "SEND") return content(frame, peer);
    const id = frame.headers.get("receipt")!;
    return peer.reply("ERROR", { "receipt-id": id, message: "no\x1b[2J" });
  });
  const { status, stderr } = await stomper(
    broker.port,
    ["--topic=a", "--receipt"],
    "1\n",
  );
  assert.equal(status, 1);
  assert.match(stderr, /^ssm: error: Broker .* refuses: no\\x1b\[2J\n$/);
});

Deno.test("ssm stomper tries its brokers in order, and says that none answers", async () => {
  await using server = await TestBroker.start();
  const closed = freePort();
  const both = `--host=127.0.0.1:${closed},127.0.0.1:${server.port}`;
  const options = { stdin: saying("1\n") };
  const args = ["stomper", "--topic=/queue/a", "--retry-for=0"];
  assert.deepEqual(await ssm([...args, both], options), DONE);
  await drain(server, "/queue/a", 1);
  const { status, stderr } = await ssm(
    [...args, "--host=127.0.0.1", `--port=${closed}`],
  );
  assert.equal(status, 1);
  assert.match(stderr, /^ssm: error: Cannot connect to .*connection refused\n/);
});

test("ssm stomper logs in with a password of the command line or of a file", async (site) => {
  await using server = await TestBroker.start({
    authenticate: userTable(new Map([["alice", "secret"]])),
  });
  const login = ["--topic=/queue/a", "--user=alice"];
  const file = await site.write("password", "secret\nrest\n");
  await Deno.chmod(file, 0o600);
  const good = ["--password=secret", `--password-file=${file}`];
  for (const password of good) {
    const outcome = await stomper(server.port, [...login, password], "1\n");
    assert.deepEqual(outcome, DONE);
  }
  assert.equal(server.broker.stats().queued, 2);
  // Without a word of trying again: a password does not mend itself.
  const bad = await stomper(server.port, [...login, "--password=guess"], "1\n");
  assert.equal(bad.status, 1);
  assert.match(bad.stderr, /^ssm: error: Cannot connect to broker .*\n$/);
  assert.ok(!bad.stderr.includes("guess"));
});

test("ssm stomper speaks TLS, and trusts whom it is told to trust", async (site) => {
  const { pki } = site;
  const keyPairOf = (who: typeof pki.server) => ({
    certificate: who.certificatePem,
    key: who.keyPem,
  });
  await using server = await TestBroker.start({}, {
    tls: {
      keyPair: keyPairOf(pki.server),
      clientCertificate: "required",
      verify: () => {},
    },
  });
  const run = (...args: string[]) =>
    ssm([
      ...["stomper", "--topic=/queue/a", `--port=${server.port}`],
      ...[`--certificate=${pki.ec.certificatePath}`, `--key=${pki.ec.keyPath}`],
      ...args,
    ], { stdin: saying("1\n") });
  assert.deepEqual(await run(`--capath=${pki.caPath}`), DONE);
  const empty = await Deno.makeTempDir({ dir: site.dir });
  const [strange, insecure, neither] = await Promise.all([
    run(`--capath=${empty}`),
    run("--insecure"),
    run(),
  ]);
  assert.equal(strange.status, 1);
  assert.equal(insecure.status, 0);
  assert.match(
    insecure.stderr,
    /^ssm: warning: The certificate of localhost is not verified: .*\n$/,
  );
  assert.deepEqual([neither.status, neither.stderr], [
    2,
    "ssm: error: For TLS, one of --capath, --cafile and --insecure must be given\n" +
    "ssm: hint: see: ssm stomper --help\n",
  ]);
  assert.equal(server.broker.stats().queued, 2);
});

Deno.test("ssm stomper that is stopped finishes what it has read, and says so", async () => {
  await using server = await TestBroker.start();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  await using running = new Running(
    ssmCommand(["stomper", "--topic=/queue/a", `--port=${server.port}`]),
    { stdin: readable },
  );
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("one\nhalf"));
  const client = await server.connect();
  client.send("SUBSCRIBE", { id: "1", destination: "/queue/a", ack: "auto" });
  assert.equal(text(await client.expect("MESSAGE")), "one");
  const { status, stderr } = await running.stop();
  await writer.close().catch(() => {});
  assert.equal(status, 1);
  assert.equal(stderr, "ssm: error: Sending was stopped by SIGTERM\n");
  // Half a line is none.
  assert.deepEqual(await client.pending(), []);
});

Deno.test("ssm stomper says which file it cannot read", async () => {
  await using server = await TestBroker.start();
  const args = ["--topic=/queue/a", "--file=/nowhere/file"];
  const { status, stderr } = await stomper(server.port, args);
  assert.equal(status, 1);
  assert.match(stderr, /^ssm: error: Cannot read "\/nowhere\/file": /);
});

Deno.test("ssm stomper refuses a command line that is wrong", async () => {
  const topic = "--topic=a";
  const cases: [string[], RegExp][] = [
    [[], /Either --topic or --destination must be given/],
    [[topic, "--destination=b"], /Either --topic or --destination/],
    [["--topic="], /Cannot use --topic "": it must be some text/],
    [[topic, "--header=x"], /The --header "x" is not name:value/],
    [[topic, "--header=:x"], /The --header ":x" is not name:value/],
    [[topic, "--header=receipt:1"], /The header "receipt" is set by ssm/],
    [[topic, "--port=0"], /Cannot use --port "0": .* from 1 to 65535/],
    [[topic, "--host=a b:x"], /Cannot use --host "a b:x"/],
    [[topic, "--retry-for=-"], /Cannot use --retry-for "-"/],
    [[topic, "--certificate=x", "--insecure"], /Neither --certificate nor/],
    [
      [topic, "--insecure", "--capath=x"],
      /one of --capath, --cafile and --insecure/,
    ],
    [[topic, "stray"], /Unexpected argument 'stray'/],
  ];
  await Promise.all(cases.map(async ([args, said]) => {
    const { status, stdout, stderr } = await ssm(["stomper", ...args]);
    assert.deepEqual([status, stdout], [2, ""], stderr);
    assert.match(stderr, said);
  }));
});

/** A program whose words on standard error can be waited for. */
function spawnStomper(args: string[], input?: ReadableStream<Uint8Array>) {
  const command = ssmCommand(["stomper", "--topic=/queue/a", ...args]);
  return new Running(command, input ? { stdin: input } : {});
}

Deno.test("ssm stomper that is stopped while it waits for a broker ends at once", async () => {
  for (const receipt of [[], ["--receipt"]]) {
    await using running = spawnStomper([
      ...[`--port=${freePort()}`, "--retry-for=3600"],
      ...receipt,
    ]);
    await running.complaint(/trying again in/);
    const { status, stderr } = await running.stop();
    assert.equal(status, 1);
    assert.match(stderr, /\nssm: error: Sending was stopped by SIGTERM\n$/);
  }
});

Deno.test("ssm stomper that is stopped with messages on their way and no broker left ends at once", async () => {
  let connections = 0;
  await using broker = await AnsweringBroker.start((frame, peer) => {
    if (frame.command === "CONNECT" && ++connections > 1) return peer.close();
    return frame.command === "SEND" ? peer.close() : content(frame, peer);
  });
  const args = [`--port=${broker.port}`, "--retry-for=3600", "--receipt"];
  await using running = spawnStomper(args, saying("1\n"));
  await running.complaint(/trying again in/);
  const { status, stderr } = await running.stop();
  assert.equal(status, 1);
  assert.match(stderr, /\nssm: error: Sending was stopped by SIGTERM\n$/);
});

Deno.test("ssm stomper --receipt gets all lines through a broker that hangs up at every third frame, without a pause", async () => {
  const lines = Array.from({ length: 20 }, (_, n) => `${n}`);
  const arrived = new Set<string>();
  const frames = new Map<unknown, number>();
  await using broker = await AnsweringBroker.start((frame, peer) => {
    const count = (frames.get(peer) ?? 0) + 1;
    frames.set(peer, count);
    if (count >= 3) return peer.close();
    if (frame.command === "SEND") arrived.add(text(frame));
    return content(frame, peer);
  });
  // With a pause it would give up.
  const args = ["--topic=a", "--receipt", "--retry-for=0"];
  const outcome = await stomper(broker.port, args, lines.join("\n"));
  assert.equal(outcome.status, 0, outcome.stderr);
  assert.deepEqual([...arrived], lines);
});

Deno.test("ssm stomper --receipt ends when nothing gets through and the time of --retry-for is up", async () => {
  let connections = 0;
  await using broker = await AnsweringBroker.start((frame, peer) => {
    if (frame.command === "CONNECT") connections++;
    return frame.command === "SEND" ? peer.close() : content(frame, peer);
  });
  const args = ["--topic=a", "--receipt", "--retry-for=0"];
  const outcome = await stomper(broker.port, args, "1\n2\n");
  assert.equal(outcome.status, 1);
  assert.match(outcome.stderr, /\nssm: error: Lost connection.*\n$/);
  assert.ok(connections > 1, "it did not come back after the first loss");
});

Deno.test("ssm stomper --receipt-timeout gives up a broker that confirms nothing", async () => {
  await using broker = await AnsweringBroker.start((frame, peer) =>
    frame.command === "SEND" ? undefined : content(frame, peer)
  );
  const args = ["--topic=a", "--receipt", "--receipt-timeout=1"];
  const outcome = await stomper(
    broker.port,
    [...args, "--retry-for=0"],
    "1\n",
  );
  assert.equal(outcome.status, 1);
  assert.match(
    outcome.stderr,
    /\nssm: error: Cannot confirm frame: no receipt "[^"]+" within 1000 ms\n/,
  );
});

Deno.test("ssm stomper counts as done when all is confirmed, though the broker does not answer its goodbye", async () => {
  await using broker = await AnsweringBroker.start((frame, peer) =>
    frame.command === "DISCONNECT" ? undefined : content(frame, peer)
  );
  const args = ["--topic=a", "--receipt"];
  assert.deepEqual(await stomper(broker.port, args, "1\n"), DONE);
  // Without receipts nobody knows.
  const unsure = await stomper(
    broker.port,
    ["--topic=a", "--receipt-timeout=1"],
    "1\n",
  );
  assert.equal(unsure.status, 1);
  assert.match(unsure.stderr, /not everything may have arrived/);
});

Deno.test("ssm stomper does not wait for more to read when it has given up", async () => {
  let connections = 0;
  await using broker = await AnsweringBroker.start((frame, peer) => {
    if (++connections > 1) return peer.close();
    const answered = content(frame, peer);
    return answered.then(() => peer.close());
  });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const args = [`--port=${broker.port}`, "--receipt", "--retry-for=0"];
  await using running = spawnStomper(args, readable);
  const { status, stderr } = await running.end();
  assert.equal(status, 1);
  assert.match(stderr, /\nssm: error: /);
  await writable.close().catch(() => {});
});

Deno.test("ssm stomper that is stopped does not wait for ever for a broker that confirms nothing", async () => {
  const sent = Promise.withResolvers<void>();
  await using broker = await AnsweringBroker.start((frame, peer) =>
    frame.command === "SEND" ? sent.resolve() : content(frame, peer)
  );
  const args = [`--port=${broker.port}`, "--receipt", "--receipt-timeout=600"];
  await using running = spawnStomper(args, saying("1\n"));
  await sent.promise;
  const { status, stderr } = await running.stop();
  assert.deepEqual(
    [status, stderr],
    [1, "ssm: error: Sending was stopped by SIGTERM\n"],
  );
});
