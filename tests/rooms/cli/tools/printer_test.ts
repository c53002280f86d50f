import assert from "node:assert/strict";
import { printedMessage } from "../../../../lib/cli/tools/printed_message.ts";
import { type RawClient, TestBroker } from "../../../kit/net/test_broker.ts";
import { testWith } from "../../../peers/parts.ts";
import { Running, ssm } from "../../../kit/programs/program.ts";
import { command, messageWith } from "./printing.ts";
import { AnsweringBroker, content } from "../../../kit/net/answering_broker.ts";

const DONE = { status: 0, stderr: "" };

/** A broker with a queue of these messages. */
async function filled(
  ...messages: (string | [body: string, headers: Record<string, string>])[]
): Promise<{ server: TestBroker; client: RawClient }> {
  const server = await TestBroker.start();
  const client = await server.connect();
  for (const message of messages) {
    const [body, headers] = typeof message === "string" ? [message] : message;
    client.send("SEND", { destination: "/queue/a", ...headers }, body);
  }
  await client.pending();
  return { server, client };
}

/** Prints as many messages as there are, byte for byte. */
async function print(port: number, args: string[]) {
  const [program, ...rest] = command(port, args);
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: rest,
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.deepEqual({ status: code, stderr: said }, DONE);
  return stdout;
}

async function printText(port: number, args: string[]): Promise<string> {
  return new TextDecoder().decode(await print(port, args));
}

Deno.test("ssm printer prints each body on lines of its own, and takes no more than --count", async () => {
  const { server } = await filled("one", "two\nlines\n", "", "last", "more");
  await using _ = server;
  const printed = await printText(server.port, ["--count=4"]);
  assert.equal(printed, "one\ntwo\nlines\n\nlast\n");
  assert.equal(server.broker.stats().queued, 1);
  assert.equal(await printText(server.port, ["--count=1"]), "more\n");
  assert.equal(server.broker.stats().queued, 0);
});

Deno.test("ssm printer writes into a pipe what came, byte for byte", async () => {
  const { server, client } = await filled();
  await using _ = server;
  const bytes = Uint8Array.of(0x1b, 0x5b, 0x32, 0x4a, 0x00, 0xff, 0xfe, 0x0d);
  client.bytes("SEND\ndestination:/queue/a\ncontent-length:8\n\n");
  client.bytes(bytes);
  client.bytes("\0");
  const printed = await print(server.port, ["--count=1"]);
  assert.deepEqual([...printed], [...bytes, 0x0a]);
});

testWith(
  ["script"],
  "ssm printer shows on a terminal what would drive it",
  async () => {
    const { server } = await filled("\x1b[2Jü\tb\r\nc\x9b1m\x07\rd");
    await using _ = server;
    const line = command(server.port, ["--count=1"])
      .map((word) => `'${word}'`).join(" ");
    const { code, stdout } = await new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", line, "/dev/null"],
      stdin: "null",
    }).output();
    assert.equal(code, 0);
    // The terminal itself makes CR LF of each line end.
    assert.equal(
      new TextDecoder().decode(stdout).trimStart(),
      "\\x1b[2Jü\tb\r\nc\\x9b1m\\x07\\x0dd\r\n",
    );
  },
);

Deno.test("printedMessage() escapes headers wherever they are printed", () => {
  const headers = new Map([["a\nb", "c\x1b[2J"], ["d", "ü"]]);
  for (const terminal of [true, false]) {
    const printed = printedMessage(
      { headers, body: new TextEncoder().encode("x") },
      { headers: true, json: false, terminal },
    );
    assert.equal(
      textOf(printed),
      "a\\x0ab: c\\x1b[2J\nd: ü\n\nx\n",
    );
  }
});

Deno.test("printedMessage() makes the same JSON of any body, piece by piece", () => {
  const headers = new Map([["a", "b\u2028"]]);
  const bodies = ["", "x", 'é\u{1f600}\u0000"\\\n'.repeat(100_000)];
  for (const body of bodies) {
    const bytes = new TextEncoder().encode(body);
    const json = textOf(printedMessage({ headers, body: bytes }, JSON_OPTIONS));
    assert.deepEqual(JSON.parse(json), { headers: { a: "b\u2028" }, body });
    for (const unsafe of ["\u2028", "\0"]) assert.ok(!json.includes(unsafe));
    assert.equal(json.indexOf("\n"), json.length - 1);
    const broken = Uint8Array.from([...bytes, 0xc3]);
    assert.deepEqual(
      JSON.parse(
        textOf(printedMessage({ headers, body: broken }, JSON_OPTIONS)),
      ),
      { headers: { a: "b\u2028" }, bodyBase64: broken.toBase64() },
    );
  }
});

const JSON_OPTIONS = { headers: false, json: true, terminal: false };

function textOf(pieces: Iterable<Uint8Array>): string {
  const decoder = new TextDecoder();
  return Array.from(pieces, (piece) => decoder.decode(piece, { stream: true }))
    .join("");
}

Deno.test("ssm printer --headers prints the headers first, and an empty line", async () => {
  const { server } = await filled(["body", { x: "a:b" }]);
  await using _ = server;
  const printed = await printText(server.port, ["--count=1", "--headers"]);
  const [head, body] = printed.split("\n\n");
  assert.equal(body, "body\n");
  const lines = head!.split("\n");
  assert.ok(lines.includes("x: a:b"), printed);
  assert.ok(lines.includes("destination: /queue/a"), printed);
});

Deno.test("ssm printer --json prints one object a line, which drives no terminal", async () => {
  const { server, client } = await filled(["ü\n\x1b\x9b\u202e", { x: "y" }]);
  await using _ = server;
  client.bytes("SEND\ndestination:/queue/a\n\n");
  client.bytes(Uint8Array.of(0xff, 0x00 + 1));
  client.bytes("\0");
  const printed = await printText(server.port, ["--count=2", "--json"]);
  const [first, second, rest] = printed.split("\n");
  assert.equal(rest, "");
  assert.match(first!, /^[ -~ü]+$/);
  const message = JSON.parse(first!);
  assert.equal(message.body, "ü\n\x1b\x9b\u202e");
  assert.equal(message.headers.x, "y");
  assert.equal(JSON.parse(second!).bodyBase64, "/wE=");
  assert.ok(!("body" in JSON.parse(second!)));
});

Deno.test("ssm printer --type prints only what is of that type", async () => {
  const typed = (type: string): [string, Record<string, string>] => [
    type,
    { "content-type": type },
  ];
  const { server } = await filled(
    typed("text/plain"),
    typed("TEXT/html; charset=utf-8"),
    typed("application/json"),
    typed("context/x"),
    "none",
    typed("text/end"),
  );
  await using _ = server;
  const args = ["--type=text/*", "--count=3"];
  assert.equal(
    await printText(server.port, args),
    "text/plain\nTEXT/html; charset=utf-8\ntext/end\n",
  );
});

Deno.test("ssm printer --type takes its pattern for nothing but a pattern", async () => {
  const { server } = await filled(
    ["no", { "content-type": "image/svgXxml" }],
    ["yes", { "content-type": "image/svg.xml" }],
    ["no", { "content-type": "image/svg.xml2" }],
  );
  await using _ = server;
  const args = ["--type=*/svg.xml", "--count=1"];
  assert.equal(await printText(server.port, args), "yes\n");
});

Deno.test("ssm printer ends in order on SIGINT and SIGTERM, the messages printed confirmed", async () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const { server } = await filled("one");
    await using _ = server;
    await using printer = new Running(command(server.port, []));
    await printer.line(/^one$/);
    printer.kill(signal);
    assert.deepEqual(await printer.end(), { ...DONE, stdout: "one\n" });
    const { queued, connections } = server.broker.stats();
    assert.deepEqual({ queued, connections }, { queued: 0, connections: 1 });
  }
});

Deno.test("ssm printer says that --count was not reached when it is stopped", async () => {
  const { server } = await filled("one");
  await using _ = server;
  await using printer = new Running(command(server.port, ["--count=3"]));
  await printer.line(/^one$/);
  const { status, stderr } = await printer.stop();
  assert.equal(status, 1);
  assert.equal(
    stderr,
    "ssm: error: Printing was stopped by SIGTERM: 2 messages are missing\n",
  );
});

Deno.test("ssm printer ends quietly when nobody reads it, and gives the message back", async () => {
  const { server, client } = await filled("one");
  await using _ = server;
  const [program, ...args] = command(server.port, []);
  const child = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  await client.confirmed("SEND", { destination: "/queue/a" }, "two");
  const said = await new Response(child.stderr).text();
  assert.deepEqual({ status: (await child.status).code, stderr: said }, DONE);
  assert.equal(server.broker.stats().queued, 1);
});

Deno.test("ssm printer prints a message without the header that cannot be read, and says so", async () => {
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    await content(frame, peer);
    if (frame.command !== "SUBSCRIBE") return;
    const id = frame.headers.get("id")!;
    await peer.send(messageWith(id, "m", "x:caf\xe9\ny:z\n\nbody\0"));
  });
  await using printer = new Running(
    command(broker.port, ["--count=1", "--headers"]),
  );
  const { status, stdout, stderr } = await printer.end();
  assert.equal(status, 0);
  assert.match(stdout, /\ny: z\n\nbody\n$/);
  assert.equal(
    stderr,
    "ssm: warning: Message m of /queue/a has 1 headers that cannot be read, which are left out\n",
  );
});

Deno.test("ssm printer leaves a message in its queue that is too large, and prints the next", async () => {
  const large = (256 << 20) + 1;
  const confirmed: (string | undefined)[] = [];
  await using broker = await AnsweringBroker.start(async (frame, peer) => {
    await content(frame, peer);
    const { command, headers } = frame;
    if (command === "ACK") confirmed.push(headers.get("message-id"));
    if (command !== "SUBSCRIBE") return;
    const id = headers.get("id")!;
    if (id === "1") {
      await peer.send(
        messageWith(id, "large", `content-length:${large}\n\n`),
      );
      const piece = new Uint8Array(1 << 20);
      for (let n = 0; n < 256; n++) await peer.send(piece);
      await peer.send(Uint8Array.of(1, 0));
    } else {
      assert.equal(headers.get("prefetch-count"), "1");
      await peer.send(messageWith(id, "small", "\nbody\0"));
    }
  });
  await using printer = new Running(command(broker.port, ["--count=1"]));
  const { status, stdout, stderr } = await printer.end();
  assert.deepEqual([status, stdout], [0, "body\n"]);
  assert.equal(
    stderr,
    "ssm: warning: Message large of /queue/a is too large with 268435457 bytes: it stays in the queue\n",
  );
  assert.deepEqual(confirmed, ["small"]);
});

Deno.test("ssm printer fails for a subscription that the broker refuses", async () => {
  await using broker = await AnsweringBroker.start((frame, peer) => {
    if (frame.command !== "SUBSCRIBE") return content(frame, peer);
    const id = frame.headers.get("receipt")!;
    return peer.reply("ERROR", { "receipt-id": id, message: "not yours" });
  });
  await using printer = new Running(command(broker.port, []));
  const { status, stderr } = await printer.end();
  assert.equal(status, 1);
  assert.match(stderr, /^ssm: error: Broker .* refuses: not yours\n$/);
});

Deno.test("ssm printer sends further headers with SUBSCRIBE", async () => {
  const asked = Promise.withResolvers<string | undefined>();
  await using broker = await AnsweringBroker.start((frame, peer) => {
    if (frame.command === "SUBSCRIBE") {
      asked.resolve(frame.headers.get("selector"));
    }
    return content(frame, peer);
  });
  await using printer = new Running(
    command(broker.port, ["--header", "selector:x = 'y'"]),
  );
  assert.equal(await asked.promise, "x = 'y'");
  assert.equal((await printer.stop()).status, 0);
});

Deno.test("ssm printer refuses a command line that is wrong", async () => {
  const cases: [string[], RegExp][] = [
    [[], /Either --topic or --destination must be given/],
    [["--topic=a", "--count=0"], /Cannot use --count "0"/],
    [["--topic=a", "--json", "--headers"], /Headers are in --json already/],
    [["--topic=a", "--header=ack:auto"], /The header "ack" is set by ssm/],
    [["--topic=a", "--check-crls"], /--capath/],
  ];
  await Promise.all(cases.map(async ([args, said]) => {
    const { status, stdout, stderr } = await ssm(["printer", ...args]);
    assert.deepEqual([status, stdout], [2, ""], stderr);
    assert.match(stderr, said);
    assert.match(stderr, /\nssm: hint: see: ssm printer --help\n|must be/);
  }));
});
