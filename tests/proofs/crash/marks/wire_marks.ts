/**
 * Marks on the wire: a frame is about to be written, half of it has left, all
 * of it has left.
 *
 * @module
 */
import { Socket } from "node:net";
import { type Call, replace } from "./patch.ts";
import type { OrderedDeath } from "../deaths/ordered_death.ts";

const NUL = 0;
const LF = 0x0a;

/** Names the frames that are marked, by command and headers; `undefined` for others. */
export type FrameNamer = (head: string) => string | undefined;

/** Those of these commands, by their command. */
export function commands(...names: readonly string[]): FrameNamer {
  return (head) => names.find((name) => head.startsWith(`${name}\n`));
}

/** `before X`, `amid X` and `after X`, for each frame that has a name X. */
export function markFrames(death: OrderedDeath, nameOf: FrameNamer): void {
  /** The frame whose first part is written, but not its last. */
  const unfinished = new WeakMap<object, string>();
  /** Nothing follows half a frame. */
  const halved = new WeakSet<object>();
  replace(
    Socket.prototype,
    "write",
    (write) =>
      function (this: unknown, chunk, ...rest) {
        const bytes = chunk as Uint8Array;
        const socket = this as object;
        if (halved.has(socket)) return true;
        const begun = unfinished.get(socket);
        const name = begun ?? nameOf(headOf(bytes));
        if (name === undefined) return write.call(this, chunk, ...rest);
        if (begun === undefined) {
          death.reach(`before ${name}`);
          if (death.isDue(`amid ${name}`)) {
            halved.add(socket);
            return writeHalf(write, socket, bytes, () => {
              death.kill(`amid ${name}`);
            });
          }
        }
        if (!endsFrame(bytes)) {
          unfinished.set(socket, name);
          return write.call(this, chunk, ...rest);
        }
        unfinished.delete(socket);
        return write.call(this, chunk, () => death.reach(`after ${name}`));
      },
  );
}

/**
 * Whether a frame ends here; a broker's is followed by a line end. No body of ours
 * has a NUL: they are Base64 or quoted-printable.
 */
function endsFrame(bytes: Uint8Array): boolean {
  return bytes.at(bytes.at(-1) === LF ? -2 : -1) === NUL;
}

/** Command and headers, and the beginning of what follows. */
function headOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 1000));
}

/** Writes the first half alone; calls back when the system has taken it. */
function writeHalf(
  write: Call,
  socket: object,
  bytes: Uint8Array,
  done: () => void,
): unknown {
  return write.call(socket, bytes.subarray(0, bytes.length >> 1), done);
}
