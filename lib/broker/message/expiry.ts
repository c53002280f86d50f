/**
 * When a message is of no use any more.
 *
 * @module
 */
import type { Frame } from "../../stomp/mod.ts";
import { quote, refusal } from "./refusal.ts";

/**
 * The moment that a SEND frame names, in milliseconds since 1970, or `undefined`
 * if that is never: as `expires`, ActiveMQ's header for the moment itself, where
 * 0 is never, or as `expiration`, RabbitMQ's for how many milliseconds it takes.
 * The sooner counts.
 *
 * @param now in milliseconds since 1970
 * @throws {SsmError} `STOMP_PROTOCOL`
 */
export function readExpiry(frame: Frame, now: number): number | undefined {
  const expires = frame.headers.get("expires");
  const expiration = frame.headers.get("expiration");
  // Almost every message.
  if (expires === undefined && expiration === undefined) return undefined;
  let moment = Infinity;
  if (expires !== undefined) {
    if (!/^[0-9]{1,15}$/.test(expires)) {
      throw refusal(
        `Cannot send: expires is ${
          quote(expires)
        }, not milliseconds since 1970`,
      );
    }
    moment = Number(expires) || Infinity;
  }
  if (expiration !== undefined) {
    if (!/^[1-9][0-9]{0,14}$/.test(expiration)) {
      throw refusal(
        `Cannot send: expiration is ${
          quote(expiration)
        }, not a number of milliseconds from 1`,
      );
    }
    moment = Math.min(moment, now + Number(expiration));
  }
  return moment === Infinity ? undefined : moment;
}
