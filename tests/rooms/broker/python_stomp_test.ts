import assert from "node:assert/strict";
import { userTable } from "../../../lib/broker/mod.ts";
import { testWith } from "../../peers/parts.ts";
import { TestBroker } from "../../kit/net/test_broker.ts";
import { checkStompPy } from "../../peers/clients/stomp_py.ts";

for (const version of ["1.0", "1.1", "1.2"]) {
  testWith(
    ["python3-stomp"],
    `Broker serves stomp.py in STOMP ${version}`,
    async () => {
      await using server = await TestBroker.start({
        authenticate: userTable(new Map([["alice", "secret"]])),
      });
      await checkStompPy({ port: server.port, version });
      const { queued, queues } = server.broker.stats();
      // Only the messages that stomp.py sent to have a receipt for them.
      assert.deepEqual({ queued, queues }, { queued: 2, queues: 1 });
    },
  );
}
