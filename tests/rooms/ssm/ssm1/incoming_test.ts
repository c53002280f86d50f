import assert from "node:assert/strict";
import { encodePem } from "../../../../lib/asn1/mod.ts";
import { parseCertificate } from "../../../../lib/pki/mod.ts";
import {
  contentDigest,
  Ssm1Incoming,
  Ssm1Reject,
} from "../../../../lib/spool/mod.ts";
import { receive, Ssm1IncomingCarrier } from "../../../../lib/ssm/mod.ts";
import type { OpeningEnvelope } from "../../../../lib/ssm/mod.ts";
import { type Frame, systemClock } from "../../../../lib/stomp/mod.ts";
import type { RawClient } from "../../../kit/net/test_broker.ts";
import { Ssm1Stage } from "./ssm1_stage.ts";
import {
  craftCertificate,
  craftCommonName,
} from "../../../kit/pki/craft_certificate.ts";
import { endpoint } from "../../../kit/stage.ts";
import { bytes, text } from "../../../kit/text.ts";

const CERTIFICATES = ["host", "authority"]
  .map((name) => craftCertificate({ subject: craftCommonName(name) }));
const SIGNER = "/CN=producer";
const REPLIES = "/queue/replies";
/** A queue, so that nothing is lost while the consumer is not there yet. */
const QUESTIONS = "/queue/questions";

/** Takes `!…` for unreadable, `?…` for unlisted, the rest for good. */
const envelope: OpeningEnvelope = {
  open(body) {
    const [first] = text(body);
    if (first === undefined || first === "!") {
      const error = "Failed to decrypt message: bad";
      return Promise.resolve({
        status: "rejected",
        body,
        signer: undefined,
        error,
      });
    }
    if (first === "?") {
      const error = "Signer not in valid DNs list: /CN=stranger";
      return Promise.resolve({
        status: "rejected",
        body,
        signer: "/CN=stranger",
        error,
      });
    }
    return Promise.resolve({
      status: "accepted",
      payload: body,
      signer: SIGNER,
    });
  },
};

/** A consumer at work, and a producer that says exactly what a test tells it to. */
class Scene implements AsyncDisposable {
  readonly site: Ssm1Stage;
  readonly client: RawClient;
  readonly incoming: Ssm1Incoming;
  readonly forgotten: string[] = [];
  readonly #ended: Promise<void>;

  private constructor(
    site: Ssm1Stage,
    client: RawClient,
    spools: { incoming: Ssm1Incoming; reject: Ssm1Reject },
  ) {
    this.site = site;
    this.client = client;
    this.incoming = spools.incoming;
    const { log, signal } = site.stage;
    const carrier = new Ssm1IncomingCarrier({
      endpoints: [endpoint(site.broker.port, {
        limits: { maxBodyBytes: 1000 },
        trimMessages: true,
      })],
      destination: QUESTIONS,
      certificates: () => CERTIFICATES.map(parseCertificate),
      received: {
        digestOf: (content) => spools.incoming.digestOf(content),
        forget: (digest) => {
          this.forgotten.push(digest);
          return spools.incoming.forget(digest);
        },
      },
      log,
      clock: systemClock,
    });
    this.#ended = receive({
      ...spools,
      carrier,
      envelope,
      log,
      signal,
      clock: systemClock,
    });
  }

  static async open(): Promise<Scene> {
    const site = await Ssm1Stage.open();
    const { dir } = site.stage;
    const client = await site.broker.connect();
    client.send("SUBSCRIBE", { id: "r", destination: REPLIES, receipt: "r" });
    await client.expect("RECEIPT");
    return new Scene(site, client, {
      incoming: await Ssm1Incoming.open(dir),
      reject: await Ssm1Reject.open(dir),
    });
  }

  say(
    type: string | undefined,
    headers: Readonly<Record<string, string | undefined>> = {},
    body = "",
  ): void {
    this.client.send("SEND", {
      destination: QUESTIONS,
      ...(type !== undefined && { "ssm-msg-type": type }),
      "reply-to": REPLIES,
      ...headers,
    }, body);
  }

  /** The next answer. */
  async answer(): Promise<Frame> {
    return await this.client.expect("MESSAGE");
  }

  /** The ids of the acks that come until the consumer has dealt with all that was said. */
  async acks(): Promise<(string | undefined)[]> {
    this.say("msg", { "ssm-msg-id": "last" }, "the last");
    const ids: (string | undefined)[] = [];
    for (;;) {
      const { headers } = await this.answer();
      const id = headers.get("ssm-msg-id");
      if (id === contentDigest(bytes("the last"))) return ids;
      ids.push(id);
    }
  }

  /** Bodies in incoming, the last one of {@linkcode acks} left out. */
  async stored(): Promise<string[]> {
    const dir = `${this.site.stage.dir}/incoming`;
    const names: string[] = [];
    for await (const { name } of Deno.readDir(dir)) {
      if (/^\d{8}-\d{6}-\d{3}$/.test(name)) names.push(name);
    }
    const bodies = await Promise.all(
      names.sort().map((name) => Deno.readTextFile(`${dir}/${name}`)),
    );
    return bodies.filter((body) => body !== "the last");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.site.stage.stop();
    await this.#ended;
    await this.site[Symbol.asyncDispose]();
  }
}

Deno.test("Ssm1IncomingCarrier answers a certificate request with its certificates", async () => {
  await using scene = await Scene.open();
  scene.say("certreq", { "ssm-msg-id": "noid" });
  const { headers, body } = await scene.answer();
  assert.equal(headers.get("ssm-msg-type"), "certresp");
  assert.equal(headers.get("ssm-msg-id"), "noid");
  assert.equal(
    text(body),
    CERTIFICATES.map((der) => encodePem("CERTIFICATE", der)).join(""),
  );
});

Deno.test("Ssm1IncomingCarrier confirms a stored message by the MD5 of its content", async () => {
  await using scene = await Scene.open();
  scene.say("msg", { "ssm-msg-id": "x" }, "content");
  const { headers, body } = await scene.answer();
  assert.equal(headers.get("ssm-msg-type"), "ack");
  assert.equal(headers.get("ssm-msg-id"), "9a0364b9e99bb480dd25e1f0284c8555");
  assert.equal(headers.get("reply-to"), undefined);
  assert.equal(body.length, 0);
  assert.deepEqual(await scene.stored(), ["content"]);
});

Deno.test("Ssm1IncomingCarrier confirms a duplicate without storing it, until the reack", async () => {
  await using scene = await Scene.open();
  const digest = contentDigest(bytes("content"));
  for (let i = 0; i < 3; i++) {
    scene.say("msg", { "ssm-msg-id": "x" }, "content");
    assert.equal((await scene.answer()).headers.get("ssm-msg-id"), digest);
  }
  assert.deepEqual(await scene.stored(), ["content"]);
  // With the frame itself, and by either name.
  scene.say("msg", { "ssm-msg-id": "x", "ssm-reack": digest }, "content");
  await scene.answer();
  scene.say("ping", { "ssm-react": digest });
  scene.say("msg", { "ssm-msg-id": "x" }, "content");
  await scene.answer();
  assert.deepEqual(await scene.stored(), ["content", "content", "content"]);
});

Deno.test("Ssm1IncomingCarrier forgets nothing that is no MD5", async () => {
  await using scene = await Scene.open();
  const bad = ["../../etc/passwd", "", "9A0364B9E99BB480DD25E1F0284C8555", "x"];
  for (const digest of [...bad, "9a0364b9e99bb480dd25e1f0284c8555\n"]) {
    scene.say("ping", { "ssm-reack": digest });
  }
  assert.deepEqual(await scene.acks(), []);
  assert.deepEqual(scene.forgotten, []);
});

Deno.test("Ssm1IncomingCarrier says REJECTED to a signer who is not allowed, and nothing to what it cannot read", async () => {
  await using scene = await Scene.open();
  scene.say("msg", { "ssm-msg-id": "a" }, "!unreadable");
  scene.say("msg", { "ssm-msg-id": "b" }, "?unlisted");
  scene.say("msg", { "ssm-msg-id": "c" }, "");
  assert.deepEqual(await scene.acks(), ["REJECTED"]);
  assert.deepEqual(await scene.stored(), []);
  const dir = `${scene.site.stage.dir}/reject`;
  const reasons: string[] = [];
  for await (const { name } of Deno.readDir(dir)) {
    if (name.endsWith(".err")) {
      reasons.push(await Deno.readTextFile(`${dir}/${name}`));
    }
  }
  assert.deepEqual(reasons.sort(), [
    "Failed to decrypt message: bad\n",
    "Failed to decrypt message: bad\n",
    "Signer not in valid DNs list: /CN=stranger\n",
  ]);
});

Deno.test("Ssm1IncomingCarrier stores a message without reply-to, and answers nobody", async () => {
  await using scene = await Scene.open();
  scene.say("msg", { "ssm-msg-id": "a", "reply-to": undefined }, "content");
  scene.say("certreq", { "reply-to": undefined });
  assert.deepEqual(await scene.acks(), []);
  assert.deepEqual(await scene.stored(), ["content"]);
});

Deno.test("Ssm1IncomingCarrier ignores answers on its topic, and files what it does not know", async () => {
  await using scene = await Scene.open();
  scene.say("ack", { "ssm-msg-id": "x" });
  scene.say("certresp", {}, "!");
  scene.say("what", { "ssm-msg-id": "x" }, "!");
  scene.say(undefined, {}, "!");
  assert.deepEqual(await scene.acks(), []);
  const rejected = Array.from(
    Deno.readDirSync(`${scene.site.stage.dir}/reject`),
  )
    .filter(({ name }) => name.endsWith(".err"));
  assert.equal(rejected.length, 2);
});

Deno.test("Ssm1IncomingCarrier leaves what is too large with its sender, however often it comes", async () => {
  await using scene = await Scene.open();
  for (let i = 0; i < 50; i++) {
    scene.say("msg", { "ssm-msg-id": "big" }, "x".repeat(1001));
  }
  assert.deepEqual(await scene.acks(), []);
  assert.deepEqual(await scene.stored(), []);
  assert.ok(scene.site.stage.complaints.includes(
    "ERROR Message big in /queue/questions stays with its sender: it has 1001 bytes, more than max_message_size allows.",
  ));
});

Deno.test("Ssm1IncomingCarrier goes on when an answer cannot be delivered", async () => {
  await using scene = await Scene.open();
  for (
    const destination of ["/unknown/x", "x".repeat(5000), "/queue/"]
  ) {
    scene.say("msg", { "ssm-msg-id": "a", "reply-to": destination }, "content");
  }
  assert.deepEqual(await scene.acks(), []);
  assert.deepEqual(await scene.stored(), ["content"]);
});
