/**
 * Two senders and two receivers on the same directories, with Python's dirq
 * producing into the one and consuming from the other at the same time.
 *
 * @module
 */
import assert from "node:assert/strict";
import { TestBroker } from "../../kit/net/test_broker.ts";
import { Running, ssm, ssmCommand } from "../../kit/programs/program.ts";
import { siteTests } from "../../kit/programs/program_site.ts";
import { startPython } from "../../peers/python_dirq.ts";

const test = siteTests();

const COUNT = 150;

/** Adds so many elements, and says when it is done. */
const PRODUCE = `
queue = QueueSimple(path, granularity=1)
for i in range(int(sys.argv[2])):
    queue.add("record %d" % i)
    if i % 40 == 0:
        queue.purge(1)
print("null")
`;

/** Takes elements, and clears up, until so many are there; what it took. */
const CONSUME = `
queue = Queue(path, schema={"body": "string", "signer": "string", "empaid": "string?", "error": "string?"})
got = []
while len(got) < int(sys.argv[2]):
    name = queue.first()
    while name:
        if queue.lock(name):
            data = queue.get(name)
            assert data["signer"] == "/C=UK/O=Test/CN=ec.example.org"
            got.append(data["body"])
            queue.remove(name)
        name = queue.next()
    queue.purge()
    time.sleep(0.01)
print(json.dumps(got))
`;

test(
  "ssm send and ssm receive, two of each, bring what Python produces to a Python that consumes, each message once",
  async (site) => {
    await using broker = await TestBroker.start();
    await using other = await site.another();
    const [one, two] = [
      await site.receiver(broker.port),
      await other.receiver(broker.port, {
        messaging: { path: site.received },
      }),
    ];
    await using first = new Running(ssmCommand(["receive", "-c", one]));
    await using second = new Running(ssmCommand(["receive", "-c", two]));
    await Promise.all(
      [first, second].map((receiver) => receiver.line(/Subscribing to: /)),
    );
    const senders = [
      await site.sender(broker.port),
      await other.sender(broker.port, { messaging: { path: site.outgoing } }),
    ];
    let isProducing = true;
    const producer = startPython(PRODUCE, site.outgoing, `${COUNT}`)
      .finally(() => isProducing = false);
    const consumer = startPython<string[]>(
      CONSUME,
      `${site.received}/incoming`,
      `${COUNT}`,
    );
    await Promise.all(senders.map(async (config) => {
      for (let last = false; !last;) {
        last = !isProducing;
        const { status, stderr } = await ssm(["send", "-c", config]);
        assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
      }
    }));
    await producer;
    assert.deepEqual(await site.waiting(), []);
    const expected = Array.from({ length: COUNT }, (_, i) => `record ${i}`);
    assert.deepEqual((await consumer).sort(), expected.sort());
    await Promise.all([first, second].map((receiver) => receiver.stop()));
    assert.equal(broker.broker.stats().queued, 0);
    // Nothing came after the consumer had gone, and nothing was refused.
    assert.deepEqual(await site.elements("incoming"), []);
    assert.deepEqual(await site.elements("reject"), []);
  },
  "python3-dirq",
);
