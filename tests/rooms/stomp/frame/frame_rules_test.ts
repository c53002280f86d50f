import assert from "node:assert/strict";
import {
  checkFrame,
  makeFrame,
  STOMP_VERSIONS,
  type StompVersion,
} from "../../../../lib/stomp/mod.ts";
import { bytes } from "../../../kit/text.ts";

type Headers = Record<string, string>;

/** The least that every command must have, by version. */
const LEAST: readonly [string, readonly StompVersion[], Headers][] = [
  ["CONNECT", ["1.0"], {}],
  ["CONNECT", ["1.1", "1.2"], { "accept-version": "1.2", host: "h" }],
  ["STOMP", ["1.1", "1.2"], { "accept-version": "1.2", host: "h" }],
  ["CONNECTED", ["1.0"], {}],
  ["CONNECTED", ["1.1", "1.2"], { version: "1.2" }],
  ["SEND", STOMP_VERSIONS, { destination: "/queue/a" }],
  ["SUBSCRIBE", ["1.0"], { destination: "/queue/a" }],
  ["SUBSCRIBE", ["1.1", "1.2"], { destination: "/queue/a", id: "1" }],
  ["UNSUBSCRIBE", ["1.1", "1.2"], { id: "1" }],
  ["ACK", ["1.0"], { "message-id": "m" }],
  ["ACK", ["1.1"], { "message-id": "m", subscription: "1" }],
  ["ACK", ["1.2"], { id: "a" }],
  ["NACK", ["1.1"], { "message-id": "m", subscription: "1" }],
  ["NACK", ["1.2"], { id: "a" }],
  ["BEGIN", STOMP_VERSIONS, { transaction: "t" }],
  ["COMMIT", STOMP_VERSIONS, { transaction: "t" }],
  ["ABORT", STOMP_VERSIONS, { transaction: "t" }],
  ["DISCONNECT", STOMP_VERSIONS, {}],
  ["MESSAGE", ["1.0"], { destination: "/queue/a", "message-id": "m" }],
  ["MESSAGE", ["1.1", "1.2"], {
    destination: "/queue/a",
    "message-id": "m",
    subscription: "1",
  }],
  ["RECEIPT", STOMP_VERSIONS, { "receipt-id": "r" }],
  ["ERROR", STOMP_VERSIONS, {}],
];

function refuses(
  command: string,
  headers: Headers,
  version: StompVersion,
  state: string,
): void {
  assert.throws(() => checkFrame(makeFrame(command, headers), version), {
    code: "STOMP_PROTOCOL",
    message: `Cannot use ${command} frame: ${state}`,
  });
}

for (const version of STOMP_VERSIONS) {
  const rules = LEAST.filter(([, versions]) => versions.includes(version));

  Deno.test(`checkFrame() accepts the least of every command of STOMP ${version}`, () => {
    for (const [command, , headers] of rules) {
      const frame = makeFrame(command, headers);
      assert.equal(checkFrame(frame, version), frame);
    }
  });

  Deno.test(`checkFrame() demands every mandatory header of STOMP ${version}`, () => {
    for (const [command, , headers] of rules) {
      for (const name of Object.keys(headers)) {
        const { [name]: _, ...rest } = headers;
        refuses(command, rest, version, `it must have a header "${name}"`);
      }
    }
  });

  Deno.test(`checkFrame() allows further headers where STOMP ${version} does`, () => {
    const open = /^(CONNECT|STOMP|CONNECTED|SEND|SUBSCRIBE|MESSAGE|ERROR)$/;
    for (const [command, , headers] of rules) {
      const more = { ...headers, "x-more": "1" };
      if (open.test(command)) checkFrame(makeFrame(command, more), version);
      else {
        refuses(command, more, version, 'it must not have a header "x-more"');
        checkFrame(makeFrame(command, more), version, {
          extensions: ["x-more"],
        });
      }
    }
  });

  Deno.test(`checkFrame() allows a receipt to every client frame of STOMP ${version} but the first`, () => {
    const without = /^(CONNECT|STOMP|RECEIPT)$/;
    for (const [command, , headers] of rules) {
      const more = { ...headers, receipt: "r" };
      if (without.test(command)) {
        refuses(command, more, version, 'it must not have a header "receipt"');
      } else checkFrame(makeFrame(command, more), version);
    }
  });

  Deno.test(`checkFrame() allows a body only where STOMP ${version} does`, () => {
    for (const [command, , headers] of rules) {
      const frame = makeFrame(command, headers, bytes("x"));
      if (/^(SEND|MESSAGE|ERROR)$/.test(command)) checkFrame(frame, version);
      else {
        assert.throws(() => checkFrame(frame, version), {
          message: `Cannot use ${command} frame: it must not have a body`,
        });
      }
    }
  });
}

Deno.test("checkFrame() refuses commands that the version has not", () => {
  refuses("NACK", { "message-id": "m" }, "1.0", "STOMP 1.0 has none");
  refuses("STOMP", {}, "1.0", "STOMP 1.0 has none");
  for (const command of ["send", "HELLO", "toString", ""]) {
    refuses(command, {}, "1.2", "STOMP 1.2 has none");
  }
});

Deno.test("checkFrame() wants UNSUBSCRIBE to name the subscription somehow", () => {
  checkFrame(makeFrame("UNSUBSCRIBE", { destination: "/queue/a" }), "1.0");
  checkFrame(makeFrame("UNSUBSCRIBE", { id: "1" }), "1.0");
  const either = 'it must have a header "id" or "destination"';
  refuses("UNSUBSCRIBE", {}, "1.0", either);
  refuses("UNSUBSCRIBE", {}, "1.2", 'it must have a header "id"');
});

Deno.test("checkFrame() knows the acknowledgement modes of each version", () => {
  const subscribe = (ack: string) => ({ destination: "d", id: "1", ack });
  for (const ack of ["auto", "client", "client-individual"]) {
    checkFrame(makeFrame("SUBSCRIBE", subscribe(ack)), "1.2");
  }
  const all = '"ack" must be one of auto, client, client-individual';
  refuses("SUBSCRIBE", subscribe("never"), "1.2", all);
  refuses(
    "SUBSCRIBE",
    subscribe("client-individual"),
    "1.0",
    '"ack" must be one of auto, client',
  );
});

Deno.test("checkFrame() refuses a content-length that is not the body's", () => {
  const headers = { destination: "d", "content-length": "2" };
  checkFrame(makeFrame("SEND", headers, bytes("ab")), "1.2");
  refuses("SEND", headers, "1.2", '"content-length" must be 0');
});
