import assert from "node:assert/strict";
import { userTable } from "../../lib/broker/mod.ts";
import { testWith } from "../helpers/parts.ts";
import { TestBroker } from "./harness.ts";

const SCRIPT = new URL("stomp_client.py", import.meta.url).pathname;

for (const version of ["1.0", "1.1", "1.2"]) {
  testWith(
    ["python3-stomp"],
    `Broker serves stomp.py in STOMP ${version}`,
    async () => {
      await using server = await TestBroker.start({
        authenticate: userTable(new Map([["alice", "secret"]])),
      });
      const { code, stdout, stderr } = await new Deno.Command(
        "/usr/bin/python3",
        { args: [SCRIPT, String(server.port), version] },
      ).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
        receipt: "r1",
        body: "first: ü\n",
        headers: {
          "empa-id": "1/2",
          x: "a:b",
          destination: `/queue/python-${version}`,
        },
        second: "second",
        again: ["second", "true"],
        published: "published",
        version,
        errors: [],
        bye: "bye",
      });
      const { queued, queues } = server.broker.stats();
      // Only the message that stomp.py sent to have a receipt for it.
      assert.deepEqual({ queued, queues }, { queued: 1, queues: 1 });
    },
  );
}
