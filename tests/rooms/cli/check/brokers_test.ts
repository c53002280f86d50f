/**
 * `ssm check` with brokers that others wrote: a waiting message stays, and is not even
 * marked as handed out.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dial } from "../../../../lib/net/mod.ts";
import { StompClient } from "../../../../lib/stomp/mod.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";
import { startActiveMq } from "../../../peers/activemq.ts";
import { startRabbitMq } from "../../../peers/rabbitmq.ts";
import { check, only } from "./checking.ts";

const test = siteTests();

const BROKERS = [
  {
    part: "activemq",
    start: startActiveMq,
    receiving: "HOST: /queue/test can be received from",
    sending:
      "HOST: /queue/test can be sent to (tried in a transaction that was given up)",
  },
  {
    part: "rabbitmq",
    start: startRabbitMq,
    receiving:
      "HOST: not tried whether /queue/test can be received from: this broker knows no way to do so without taking messages",
    sending:
      "HOST: not tried whether /queue/test can be sent to: this broker tells only when a message is really sent",
  },
] as const;

for (const { part, start, receiving, sending } of BROKERS) {
  test(
    `ssm check takes nothing from ${part}, and sends nothing to it`,
    async (site) => {
      await using broker = await start();
      const port = broker.stompPort;
      const socket = await dial({ host: "127.0.0.1", port });
      await using client = await StompClient.connect(socket, { host: false });
      const body = new TextEncoder().encode("waits");
      await client.send("/queue/test", body, { receipt: true });
      const last = async (config: string) => {
        const { lines } = await check(site, config);
        return only(lines, "ok", "fail").at(-1)!
          .replace(`localhost:${port}`, "HOST");
      };
      assert.deepEqual(
        [
          await last(await site.receiver(port)),
          await last(await site.sender(port)),
        ],
        [`ok broker ${receiving}`, `ok broker ${sending}`],
      );
      const subscription = await client.subscribe("/queue/test");
      for await (const message of subscription) {
        assert.equal(new TextDecoder().decode(message.body), "waits");
        assert.equal(message.headers.get("redelivered") ?? "false", "false");
        await message.ack({ receipt: true });
        break;
      }
    },
    part,
  );
}
