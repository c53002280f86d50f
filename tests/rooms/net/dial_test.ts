import assert from "node:assert/strict";
import { SsmError } from "../../../lib/errors.ts";
import { dial, listen } from "../../../lib/net/mod.ts";
import { InstantClock } from "../../kit/clocks.ts";
import { freePort } from "../../kit/net/free_port.ts";
import { accept, failure, receive, send } from "./streams.ts";

const HOST = "127.0.0.1";

Deno.test("dial() connects in plain, and bytes go both ways", async () => {
  await using listener = await listen();
  const socket = await dial({ host: HOST, port: listener.port });
  const peer = await accept(listener);
  await send(socket, "to the peer");
  assert.equal(await receive(peer, 11), "to the peer");
  await send(peer, "and back");
  assert.equal(await receive(socket, 8), "and back");
  assert.equal(socket.remote, `${HOST}:${listener.port}`);
  assert.equal(socket.peer, undefined);
  socket.close();
  peer.close();
});

Deno.test("dial() names the name that was dialled, not its address", async () => {
  await using listener = await listen();
  const socket = await dial({ host: "localhost", port: listener.port });
  assert.equal(socket.remote, `localhost:${listener.port}`);
  socket.close();
});

Deno.test("dial() says that nobody listens", async () => {
  const port = freePort();
  await assert.rejects(
    dial({ host: HOST, port }),
    failure("CONNECT", `Cannot connect to ${HOST}:${port}: connection refused`),
  );
});

Deno.test("dial() says that a name does not exist", async () => {
  const resolve = () =>
    Promise.reject(Object.assign(new Error("?"), { code: "ENOTFOUND" }));
  await assert.rejects(
    dial({ host: "no.invalid", port: 1, resolve }),
    failure("CONNECT", "Cannot connect to no.invalid:1: name not found"),
  );
  await assert.rejects(
    dial({ host: "no.invalid", port: 1, resolve: () => Promise.resolve([]) }),
    failure("CONNECT", "Cannot connect to no.invalid:1: no address"),
  );
});

Deno.test("dial() tries every address of a name in turn", async () => {
  await using listener = await listen({ hostname: "127.0.0.3" });
  const socket = await dial({
    host: "alias.example",
    port: listener.port,
    resolve: () => Promise.resolve(["127.0.0.2", "127.0.0.2", "127.0.0.3"]),
  });
  const peer = await accept(listener);
  await send(peer, "third");
  assert.equal(await receive(socket, 5), "third");
  socket.close();
  peer.close();
});

Deno.test("dial() reports the last failure when every address fails", async () => {
  const port = freePort();
  await assert.rejects(
    dial({
      host: "alias.example",
      port,
      resolve: () => Promise.resolve(["127.0.0.2", "127.0.0.3"]),
    }),
    failure(
      "CONNECT",
      `Cannot connect to alias.example:${port} (127.0.0.3): connection refused (last of 2 addresses)`,
    ),
  );
});

Deno.test("dial() gives up on a resolver that does not answer", async () => {
  await assert.rejects(
    dial({
      host: "slow.example",
      port: 1,
      connectTimeoutMs: 5,
      resolve: () => new Promise(() => {}),
    }),
    failure(
      "CONNECT",
      "Cannot connect to slow.example:1: timed out after 5 ms",
    ),
  );
});

Deno.test("dial() stops when its signal is aborted, before or during the attempt", async () => {
  await using listener = await listen();
  const aborted = failure("ABORTED", "Cannot connect: stopped on request");
  const target = { host: HOST, port: listener.port };
  await assert.rejects(
    dial({ ...target, signal: AbortSignal.abort() }),
    aborted,
  );
  const controller = new AbortController();
  const attempt = dial({
    ...target,
    host: "slow.example",
    signal: controller.signal,
    resolve: () => new Promise(() => {}),
  });
  controller.abort(new SsmError("RUNNING", "enough"));
  await assert.rejects(attempt, aborted);
});

Deno.test("dial() gives up by the clock it was given", async () => {
  await using listener = await listen();
  const { port } = listener;
  await assert.rejects(
    dial({ host: HOST, port, clock: new InstantClock() }),
    failure(
      "CONNECT",
      `Cannot connect to ${HOST}:${port}: timed out after 10000 ms`,
    ),
  );
});
