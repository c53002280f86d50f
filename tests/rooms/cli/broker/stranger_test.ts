import assert from "node:assert/strict";
import { checkStompPy } from "../../../peers/clients/stomp_py.ts";
import { testWith } from "../../../peers/parts.ts";
import { startBroker } from "../../../kit/programs/running_broker.ts";

testWith(
  ["python3-stomp"],
  "ssm broker with a store, users and access rules serves stomp.py, and ends in order",
  async () => {
    const dir = await Deno.makeTempDir({ prefix: "ssm-stranger-" });
    try {
      await Deno.writeTextFile(`${dir}/users`, "alice:secret\n");
      await Deno.writeTextFile(`${dir}/access`, "allow all /> user:alice\n");
      await using server = await startBroker(
        ...[`--data=${dir}/data`, "--vhosts=*"],
        ...[`--users=${dir}/users`, `--access-file=${dir}/access`],
      );
      for (const version of ["1.0", "1.1", "1.2"]) {
        await checkStompPy({ port: server.port, version });
      }
      const { status, stderr } = await server.broker.stop();
      assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
