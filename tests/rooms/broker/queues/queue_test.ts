import assert from "node:assert/strict";
import { TopicMemory } from "../../../../lib/broker/limits/topic_memory.ts";
import { Backlog, type Entry } from "../../../../lib/broker/queues/backlog.ts";
import { Queue } from "../../../../lib/broker/queues/queue.ts";
import {
  Topic,
  type TopicConsumer,
} from "../../../../lib/broker/routing/topic.ts";
import { ManualClock } from "../../../kit/clocks.ts";
import { testMessage } from "../store/store_suite.ts";

function entry(sequence: number): Entry {
  return {
    sequence,
    size: 10,
    deliveries: 0,
    failures: 0,
    stored: false,
    message: testMessage(sequence),
  };
}

function* entries(from: number, to: number): Generator<Entry> {
  for (let n = from; n <= to; n++) yield entry(n);
}

function topicMemory(): TopicMemory {
  const limits = { maxTopicBytes: 1 << 20, maxAllTopicBytes: 1 << 20 };
  return new TopicMemory({ limits, clock: new ManualClock() });
}

/** Takes up to `room` messages. */
class TestConsumer implements TopicConsumer {
  readonly client = { fail: (error: Error) => assert.fail(error) };
  readonly got: Entry[] = [];
  room: number;

  constructor(room: number) {
    this.room = room;
  }

  get ready(): boolean {
    return this.got.length < this.room;
  }

  get numbers(): number[] {
    return this.got.map((entry) => entry.sequence);
  }

  ignores(): boolean {
    return false;
  }

  deliver(entry: Entry): void {
    this.got.push(entry);
  }
}

Deno.test("Backlog.take() returns messages in order, returned ones first", () => {
  const backlog = new Backlog();
  for (const e of entries(1, 6)) backlog.push(e);
  const taken = [backlog.take()!, backlog.take()!, backlog.take()!];
  backlog.giveBack([taken[2]!, taken[0]!]);
  assert.equal(backlog.length, 5);
  const rest: number[] = [];
  for (let e; (e = backlog.take());) rest.push(e.sequence);
  assert.deepEqual(rest, [1, 3, 4, 5, 6]);
  assert.equal(backlog.length, 0);
});

Deno.test("Backlog keeps count and order while it is used for long", () => {
  const backlog = new Backlog();
  let next = 1;
  let expected = 1;
  for (let round = 0; round < 50; round++) {
    for (const e of entries(next, next + 199)) backlog.push(e);
    next += 200;
    for (let n = 0; n < 190; n++) {
      assert.equal(backlog.take()!.sequence, expected++);
    }
  }
  assert.equal(backlog.length, 500);
});

Deno.test("Queue hands messages to its consumers in turn", () => {
  const queue = new Queue("/queue/a");
  const [a, b, c] = [1, 2, 3].map(() => new TestConsumer(100));
  for (const consumer of [a!, b!, c!]) queue.attach(consumer);
  for (const e of entries(1, 7)) queue.push(e);
  assert.deepEqual(a!.numbers, [1, 4, 7]);
  assert.deepEqual(b!.numbers, [2, 5]);
  assert.deepEqual(c!.numbers, [3, 6]);
});

Deno.test("Queue passes over consumers without room until they resume", () => {
  const queue = new Queue("/queue/a");
  const full = new TestConsumer(1);
  const free = new TestConsumer(100);
  queue.attach(full);
  queue.attach(free);
  for (const e of entries(1, 5)) queue.push(e);
  assert.deepEqual(full.numbers, [1]);
  assert.deepEqual(free.numbers, [2, 3, 4, 5]);
  full.room = 3;
  queue.resume(full);
  for (const e of entries(6, 9)) queue.push(e);
  assert.deepEqual(full.numbers, [1, 7, 9]);
  assert.deepEqual(free.numbers, [2, 3, 4, 5, 6, 8]);
});

Deno.test("Queue keeps messages until somebody has room", () => {
  const queue = new Queue("/queue/a");
  for (const e of entries(1, 3)) queue.push(e);
  assert.equal(queue.length, 3);
  const consumer = new TestConsumer(2);
  queue.attach(consumer);
  assert.deepEqual(consumer.numbers, [1, 2]);
  assert.equal(queue.length, 1);
});

Deno.test("Queue.giveBack() delivers again in the original order", () => {
  const queue = new Queue("/queue/a");
  const first = new TestConsumer(4);
  queue.attach(first);
  for (const e of entries(1, 6)) queue.push(e);
  queue.detach(first);
  queue.giveBack(first.got.toReversed());
  const second = new TestConsumer(100);
  queue.attach(second);
  assert.deepEqual(second.numbers, [1, 2, 3, 4, 5, 6]);
});

Deno.test("Queue.resume() of a detached consumer does nothing", () => {
  const queue = new Queue("/queue/a");
  const consumer = new TestConsumer(10);
  queue.attach(consumer);
  queue.detach(consumer);
  queue.resume(consumer);
  queue.push(entry(1));
  assert.deepEqual(consumer.numbers, []);
  assert.equal(queue.length, 1);
});

Deno.test("Queue.pause() keeps what comes", () => {
  const queue = new Queue("/queue/a");
  const consumer = new TestConsumer(10);
  queue.attach(consumer);
  queue.push(entry(1));
  queue.pause();
  queue.push(entry(2));
  assert.deepEqual(consumer.numbers, [1]);
  assert.equal(queue.length, 1);
});

Deno.test("Backlog.after() finds what waits behind a number, given back or never taken", () => {
  const backlog = new Backlog();
  for (const one of entries(1, 20)) backlog.push(one);
  const taken = Array.from({ length: 10 }, () => backlog.take()!);
  backlog.giveBack([taken[2]!, taken[7]!]);
  const seen: number[] = [];
  for (let at = 0, next; (next = backlog.after(at)); at = next.sequence) {
    seen.push(next.sequence);
  }
  assert.deepEqual(seen, [3, 8, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  assert.equal(backlog.length, 12);
  assert.equal(backlog.after(20), undefined);
  assert.equal(new Backlog().after(0), undefined);
});

Deno.test("Topic feeds everyone at their own pace", () => {
  const topic = new Topic("/topic/a", { memory: topicMemory() });
  const quick = new TestConsumer(100);
  const slow = new TestConsumer(1);
  topic.attach(quick);
  const feed = topic.attach(slow);
  for (let n = 1; n <= 3; n++) topic.publish(testMessage(n, 1000), n);
  assert.deepEqual(quick.numbers, [1, 2, 3]);
  assert.deepEqual(slow.numbers, [1]);
  slow.room = 3;
  feed.resume(slow);
  assert.deepEqual(slow.numbers, [1, 2, 3]);
});

Deno.test("Topic feeds nobody who is detached, even what waited", () => {
  const topic = new Topic("/topic/a", { memory: topicMemory() });
  const consumer = new TestConsumer(1);
  const feed = topic.attach(consumer);
  for (let n = 1; n <= 3; n++) topic.publish(testMessage(n), n);
  topic.detach(consumer);
  consumer.room = 10;
  feed.resume(consumer);
  topic.publish(testMessage(4), 4);
  assert.deepEqual(consumer.numbers, [1]);
  assert.equal(topic.consumers, 0);
});
