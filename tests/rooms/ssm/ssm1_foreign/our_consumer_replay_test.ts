import assert from "node:assert/strict";
import type { StompClient, StompMessage } from "../../../../lib/stomp/mod.ts";
import { endpoint } from "../../../kit/stage.ts";
import { ourConsumer, ourProducer, type Ours } from "./ours.ts";
import { EMBEDDED, md5, type Stage, stageTests } from "./stage.ts";
import { text } from "../../../kit/text.ts";

const test = stageTests(EMBEDDED);

/** Somebody on the topic, without any key: hears all of it, and repeats what he heard. */
class Eavesdropper implements AsyncDisposable {
  readonly #client: StompClient;
  readonly #heard: AsyncIterator<StompMessage>;
  readonly #topic: string;

  private constructor(
    client: StompClient,
    heard: AsyncIterable<StompMessage>,
    topic: string,
  ) {
    this.#client = client;
    this.#heard = heard[Symbol.asyncIterator]();
    this.#topic = topic;
  }

  static async listen({ port, topic }: Stage): Promise<Eavesdropper> {
    const { signal } = new AbortController();
    const client = await endpoint(port).connect(signal);
    return new Eavesdropper(client, await client.subscribe(topic), topic);
  }

  /** The next sealed file. */
  async message(): Promise<StompMessage> {
    for (;;) {
      const { value, done } = await this.#heard.next();
      assert.ok(!done);
      if (value.headers.get("ssm-msg-type") === "msg") return value;
    }
  }

  /** Makes the consumer forget a content, in the name of nobody. */
  async forget(content: string): Promise<void> {
    const headers = { "ssm-msg-type": "ping", "ssm-reack": md5(content) };
    const nothing = new Uint8Array(0);
    await this.#client.send(this.#topic, nothing, { headers, receipt: true });
  }

  /** Sends a file again as it was, under another name. */
  async replay({ body }: StompMessage, id: string): Promise<void> {
    const headers = { "ssm-msg-type": "msg", "ssm-msg-id": id };
    await this.#client.send(this.#topic, body, { headers, receipt: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.disconnect();
  }
}

async function bodies(ours: Ours): Promise<string[]> {
  return (await ours.stored()).map(({ body }) => text(body));
}

test("our consumer stores once what a foreign producer signed once, also when a stranger lets it forget", async (stage) => {
  const ours = ourConsumer(stage);
  await using _ = await ours.consume();
  await using stranger = await Eavesdropper.listen(stage);
  await using producer = await stage.producer();
  await producer.send("a", "content");
  await producer.event("delivered", { id: "a" });
  const heard = await stranger.message();
  for (const id of ["a", "b"]) {
    await stranger.forget("content");
    await stranger.replay(heard, id);
  }
  // The same content, signed anew, is a message of its own.
  await stranger.forget("content");
  await producer.send("c", "content");
  await producer.event("delivered", { id: "c" });
  assert.deepEqual(await bodies(ours), ["content", "content"]);
  assert.deepEqual([...(await ours.files("reject")).keys()], []);
});

test("our consumer stores once what our producer signed once, also when a stranger lets it forget", async (stage) => {
  const ours = ourConsumer(stage);
  await using _ = await ours.consume();
  await using stranger = await Eavesdropper.listen(stage);
  const producer = ourProducer(stage);
  await producer.drop({ a: "content" });
  assert.equal((await producer.run()).status, 0);
  const heard = await stranger.message();
  await stranger.forget("content");
  await stranger.replay(heard, "b");
  await producer.drop({ c: "content" });
  assert.equal((await producer.run()).status, 0);
  assert.deepEqual(await bodies(ours), ["content", "content"]);
});
