/**
 * What tests of `ssm printer` have in common.
 *
 * @module
 */
import { ssmCommand } from "../../../kit/programs/program.ts";

/** The command line of a printer of `/queue/a`. */
export function command(port: number, args: string[]): [string, ...string[]] {
  const place = ["--host=127.0.0.1", `--port=${port}`, "--topic=/queue/a"];
  return ssmCommand(["printer", ...place, ...args]);
}

/** A MESSAGE with these lines in its head, in Latin-1. */
export function messageWith(subscription: string, id: string, rest: string) {
  const head = `MESSAGE\ndestination:/queue/a\nmessage-id:${id}\n` +
    `subscription:${subscription}\n`;
  return Uint8Array.from(head + rest, (char) => char.charCodeAt(0));
}
