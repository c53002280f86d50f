/**
 * A verdict held against the one that is expected.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { OpeningEnvelope } from "../../../lib/ssm/mod.ts";
import type { MadeMessage } from "./made.ts";
import { RECORD } from "./message.ts";
import { dnOf } from "./site.ts";

/** Opens the message and asserts everything that is said of it. */
export async function judge(
  opener: OpeningEnvelope,
  { body, error, signer }: MadeMessage,
): Promise<void> {
  const opened = await opener.open(body);
  if (error === undefined) {
    const reason = opened.status === "rejected" ? opened.error : "";
    assert.equal(opened.status, "accepted", reason);
    assert.equal(opened.signer, signer ?? dnOf("honest"));
    assert.equal(new TextDecoder().decode(opened.payload), RECORD);
    return;
  }
  assert.equal(opened.status, "rejected");
  if (typeof error === "string") assert.equal(opened.error, error);
  else assert.match(opened.error, error);
  assert.equal(opened.signer, signer);
  // What is kept is the message as it came.
  assert.equal(opened.body, body);
}
