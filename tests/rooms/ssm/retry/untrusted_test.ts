import assert from "node:assert/strict";
import {
  readCertificates,
  subjectHash,
  TrustStore,
} from "../../../../lib/pki/mod.ts";
import { MarkedElements } from "../../../../lib/spool/mod.ts";
import {
  RETRY_FIELD,
  SmimeOpener,
  UntrustedRetry,
} from "../../../../lib/ssm/mod.ts";
import { TestBroker } from "../../../kit/net/test_broker.ts";
import type { Credentials, TestCa } from "../../../peers/openssl/openssl.ts";
import { sharedServer, testWith } from "../../../peers/parts.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { testPki } from "../../../kit/pki/test_pki.ts";
import { RunningReceiver, sealed, signerOf } from "../../../kit/receiving.ts";
import { endpoint, QUEUE, Stage } from "../../../kit/stage.ts";
import { bytes } from "../../../kit/text.ts";
import { systemClock } from "../../../../lib/time/mod.ts";

const PARTS = ["openssl"] as const;
const HOUR_MS = 3_600_000;
const LOOK_MS = 10_000;

const pki = sharedServer(PARTS, testPki);

/** A receiver with a CA directory of its own: one authority with a CRL, and one without. */
class Scene implements AsyncDisposable {
  readonly clock = new ManualClock();
  /** How far the receiver's calendar is ahead, in ms. */
  ahead = 0;
  receiver!: RunningReceiver;
  lame!: Credentials;
  #id = 0;

  private constructor(
    readonly stage: Stage,
    readonly broker: TestBroker,
  ) {}

  static async open(): Promise<Scene> {
    const scene = new Scene(await Stage.open(), await TestBroker.start());
    await Deno.mkdir(scene.#caDir);
    const { ca, rogueCa } = pki();
    await scene.install(ca, "0", ca.credentials.certificatePem);
    await scene.install(ca, "r0", await ca.crl());
    await scene.install(rogueCa, "0", rogueCa.credentials.certificatePem);
    scene.lame = await rogueCa.issue({ subject: "/O=Test/CN=lame" });
    await scene.start();
    return scene;
  }

  get #caDir(): string {
    return `${this.stage.dir}/certificates`;
  }

  /** Puts a file of an authority into the CA directory. */
  async install(ca: TestCa, ending: string, pem: string): Promise<void> {
    const [{ subject } = assert.fail()] = readCertificates(
      ca.credentials.certificatePem,
    );
    const path = `${this.#caDir}/${subjectHash(subject)}.${ending}`;
    await Deno.writeTextFile(path, pem);
  }

  async start(allowed = ["/O=Test/CN=lame"]): Promise<void> {
    const { stage, clock } = this;
    const trust = new TrustStore(this.#caDir, {
      clock: {
        ...systemClock,
        date: () => new Date(Date.now() + this.ahead),
      },
    });
    const envelope = new SmimeOpener({
      recipients: () => [signerOf(pki().server)],
      trust: (signer, others) =>
        trust.verify(signer, others, { checkCrls: true }),
      isAllowed: (spellings) =>
        ["/C=UK/O=Test/CN=ec.example.org", ...allowed]
          .some((dn) => spellings.includes(dn)),
      retryUntrusted: true,
      maxMessageBytes: 1 << 20,
    });
    const retry = new UntrustedRetry({
      waiting: new MarkedElements(`${stage.dir}/reject`, {
        mark: RETRY_FIELD,
      }),
      envelope,
      trustState: () => trust.state(),
      log: stage.log,
      clock,
      lookEveryMs: LOOK_MS,
    });
    this.receiver = await RunningReceiver.start(
      stage,
      [endpoint(this.broker.port)],
      { envelope, retry },
    );
  }

  async send(text: string, signer: Credentials, id = `${++this.#id}`) {
    await using client = await endpoint(this.broker.port)
      .connect(this.stage.signal);
    const body = await sealed(bytes(text), signer);
    await client.send(QUEUE, body, {
      headers: { "empa-id": id },
      receipt: true,
    });
    return body;
  }

  /** The bodies in incoming. */
  async incoming(): Promise<string[]> {
    return (await this.stage.delivered("incoming")).map(({ body }) => body!);
  }

  /** Lines of the log at ERROR. */
  errors(): string[] {
    return this.stage.lines.filter((line) => line.startsWith("ERROR"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.receiver.stop();
    await this.broker[Symbol.asyncDispose]();
    await this.stage[Symbol.asyncDispose]();
  }
}

const test = (name: string, work: (scene: Scene) => Promise<void>) =>
  testWith(PARTS, `UntrustedRetry: ${name}`, async () => {
    await using scene = await Scene.open();
    await work(scene);
  });

test("what waits for a CRL is delivered once when it comes, and stops nobody meanwhile", async (scene) => {
  const { receiver, clock, lame } = scene;
  await scene.send("first", lame);
  await scene.send("second", lame);
  await scene.send("third", pki().ec);
  assert.deepEqual(await receiver.until(3), ["reject", "reject", "incoming"]);
  const waiting = await scene.stage.delivered("reject");
  assert.equal(waiting.length, 2);
  for (const { error, retry, signer } of waiting) {
    assert.match(
      error!,
      /signer, judged again by itself: no CRL of .*Rogue CA/,
    );
    assert.match(
      retry!,
      /"what":"CRL","authority":"\/C=UK\/O=Test\/CN=Rogue CA"/,
    );
    assert.equal(signer, "Not available.");
  }
  assert.equal(scene.errors().length, 1);
  assert.match(
    scene.errors()[0]!,
    /no valid CRL of \/C=UK\/O=Test\/CN=Rogue CA in the CA directory: .* Run fetch-crl\.$/,
  );
  // Nothing has changed.
  await clock.step(LOOK_MS);
  await clock.step(600_000);
  await clock.awaited();
  await scene.install(pki().rogueCa, "r0", await pki().rogueCa.crl());
  await clock.step(LOOK_MS);
  assert.deepEqual((await receiver.until(5)).slice(3), [
    "incoming",
    "incoming",
  ]);
  await clock.step(600_000);
  await receiver.stop();
  assert.deepEqual(await scene.incoming(), ["third", "first", "second"]);
  assert.deepEqual(await scene.stage.delivered("reject"), []);
  assert.equal(scene.errors().length, 1);
});

test("what turns out to be revoked stays in reject with that reason", async (scene) => {
  const { receiver, clock, lame } = scene;
  await scene.send("stolen", lame);
  assert.deepEqual(await receiver.until(1), ["reject"]);
  const crl = await pki().rogueCa.crl({ revoke: [lame] });
  await scene.install(pki().rogueCa, "r0", crl);
  await clock.step(LOOK_MS);
  await receiver.until(2);
  await receiver.stop();
  assert.deepEqual(await scene.incoming(), []);
  const [rejected, ...others] = await scene.stage.delivered("reject");
  assert.deepEqual(others, []);
  assert.match(rejected!.error!, /Unverified signer: .*lame is revoked$/);
  assert.equal(rejected!.retry, undefined);
});

test("a trusted signer who is not on the list is refused by name", async (scene) => {
  const { receiver, lame } = scene;
  await scene.send("unlisted", lame);
  await receiver.until(1);
  await receiver.stop();
  await scene.install(pki().rogueCa, "r0", await pki().rogueCa.crl());
  // A new start judges at once.
  await scene.start([]);
  assert.deepEqual(await scene.receiver.until(1), ["reject"]);
  await scene.receiver.stop();
  const [rejected, ...others] = await scene.stage.delivered("reject");
  assert.deepEqual(others, []);
  assert.equal(rejected!.signer, "/O=Test/CN=lame");
  assert.match(rejected!.error!, /not in valid DNs list/);
});

test("time alone may mend it: every ten minutes it is tried", async (scene) => {
  const { receiver, clock, lame } = scene;
  const crl = await pki().rogueCa.crl({
    thisUpdate: new Date(Date.now() + HOUR_MS),
    nextUpdate: new Date(Date.now() + 9 * HOUR_MS),
  });
  await scene.install(pki().rogueCa, "r0", crl);
  await scene.send("early", lame);
  await receiver.until(1);
  // Taken note of, and then due for nothing but the time.
  await clock.step(LOOK_MS);
  scene.ahead = 2 * HOUR_MS;
  await scene.install(
    pki().ca,
    "r0",
    await pki().ca.crl({
      nextUpdate: new Date(Date.now() + 9 * HOUR_MS),
    }),
  );
  await clock.step(600_000);
  assert.deepEqual((await receiver.until(2)).slice(1), ["incoming"]);
});

test("what comes from the broker again meanwhile is not delivered twice", async (scene) => {
  const { receiver, clock, lame } = scene;
  const body = await scene.send("once", lame, "same");
  assert.deepEqual(await receiver.until(1), ["reject"]);
  await scene.install(pki().rogueCa, "r0", await pki().rogueCa.crl());
  await using client = await endpoint(scene.broker.port)
    .connect(scene.stage.signal);
  const again = () =>
    client.send(QUEUE, body, { headers: { "empa-id": "same" }, receipt: true });
  await again();
  assert.deepEqual((await receiver.until(2)).slice(1), ["incoming"]);
  await clock.step(LOOK_MS);
  assert.deepEqual((await receiver.until(3)).slice(2), ["duplicate"]);
  await again();
  assert.deepEqual((await receiver.until(4)).slice(3), ["duplicate"]);
  await receiver.stop();
  assert.deepEqual(await scene.incoming(), ["once"]);
  assert.deepEqual(await scene.stage.delivered("reject"), []);
});
