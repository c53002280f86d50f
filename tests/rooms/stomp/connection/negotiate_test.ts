import assert from "node:assert/strict";
import {
  checkVersion,
  chooseVersion,
  formatAcceptVersion,
  formatHeartBeat,
  negotiateHeartBeat,
  parseHeartBeat,
} from "../../../../lib/stomp/mod.ts";
import { failure } from "../frame/bytes.ts";

Deno.test("formatAcceptVersion() lists the versions in ascending order", () => {
  assert.equal(formatAcceptVersion(["1.2", "1.0", "1.1"]), "1.0,1.1,1.2");
});

Deno.test("chooseVersion() takes the best version both sides speak", () => {
  assert.equal(chooseVersion("1.0,1.1,1.2"), "1.2");
  assert.equal(chooseVersion("1.1"), "1.1");
  assert.equal(chooseVersion(" 1.0 , 1.1 , 2.0"), "1.1");
  assert.equal(chooseVersion("1.0,1.1,1.2", ["1.0", "1.1"]), "1.1");
  assert.equal(chooseVersion(undefined), "1.0");
  assert.equal(chooseVersion("2.0"), undefined);
  assert.equal(chooseVersion(""), undefined);
});

Deno.test("checkVersion() accepts what was offered, 1.0 when the broker says nothing", () => {
  assert.equal(checkVersion("1.1", ["1.2", "1.1"]), "1.1");
  assert.equal(checkVersion(undefined, ["1.2", "1.0"]), "1.0");
});

Deno.test("checkVersion() rejects a version that was not offered", () => {
  assert.throws(
    () => checkVersion("1.3", ["1.2", "1.1"]),
    failure(
      "STOMP_PROTOCOL",
      'Cannot agree on a version: the broker speaks STOMP "1.3", we accept 1.2, 1.1',
    ),
  );
  assert.throws(
    () => checkVersion(undefined, ["1.2"]),
    failure(
      "STOMP_PROTOCOL",
      "Cannot agree on a version: the broker speaks only STOMP 1.0, we accept 1.2",
    ),
  );
});

Deno.test("parseHeartBeat() reads two numbers, 0,0 when there is no header", () => {
  assert.deepEqual(parseHeartBeat("100,2000"), {
    sendMs: 100,
    receiveMs: 2000,
  });
  assert.deepEqual(parseHeartBeat(undefined), { sendMs: 0, receiveMs: 0 });
});

Deno.test("parseHeartBeat() takes more than a day for a day", () => {
  for (const long of ["86400001", "10000000000", "9".repeat(1000)]) {
    assert.deepEqual(parseHeartBeat(`${long},${long}`), {
      sendMs: 86_400_000,
      receiveMs: 86_400_000,
    });
  }
});

for (
  const header of ["", "1", "1,2,3", "-1,0", "a,b", "1, 2"]
) {
  Deno.test(`parseHeartBeat() rejects "${header}"`, () => {
    assert.throws(
      () => parseHeartBeat(header),
      failure(
        "STOMP_PROTOCOL",
        `Cannot read heart-beat "${header}": it is not two numbers`,
      ),
    );
  });
}

Deno.test("formatHeartBeat() writes whole milliseconds and refuses others", () => {
  assert.equal(formatHeartBeat({ sendMs: 0, receiveMs: 30_000 }), "0,30000");
  for (const wrong of [-1, 1.5, NaN, 86_400_001]) {
    assert.throws(
      () => formatHeartBeat({ sendMs: wrong, receiveMs: 0 }),
      RangeError,
    );
    assert.throws(
      () => formatHeartBeat({ sendMs: 0, receiveMs: wrong }),
      RangeError,
    );
  }
});

Deno.test("negotiateHeartBeat() takes the slower wish of each direction", () => {
  assert.deepEqual(
    negotiateHeartBeat(
      { sendMs: 100, receiveMs: 700 },
      { sendMs: 500, receiveMs: 200 },
    ),
    { sendMs: 200, receiveMs: 700 },
  );
});

Deno.test("negotiateHeartBeat() wants none where one side says 0", () => {
  const ours = { sendMs: 100, receiveMs: 100 };
  assert.deepEqual(
    negotiateHeartBeat(ours, { sendMs: 0, receiveMs: 50 }),
    { sendMs: 100, receiveMs: 0 },
  );
  assert.deepEqual(
    negotiateHeartBeat({ sendMs: 0, receiveMs: 100 }, ours),
    { sendMs: 0, receiveMs: 100 },
  );
});
