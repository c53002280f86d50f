/**
 * Sockets in tests: short ways to read, write and accept.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Listener, Socket } from "../../../lib/net/mod.ts";

/** The next client of a listener. */
export async function accept(listener: Listener): Promise<Socket> {
  const { value } = await listener[Symbol.asyncIterator]().next();
  assert.ok(value);
  return value;
}

/** Writes text. */
export async function send(socket: Socket, text: string): Promise<void> {
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}

/** Reads so many bytes of text; fewer if the peer closes before. */
export async function receive(socket: Socket, length: number): Promise<string> {
  const reader = socket.readable.getReader();
  let text = "";
  while (text.length < length) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return text;
}

/** For `assert.rejects`: an error of this code and this message. */
export function failure(code: string, message: string | RegExp) {
  return { name: "SsmError", code, message };
}
