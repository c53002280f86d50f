/**
 * What the demonstrations of SSM2 have in common, over STOMP and over AMS.
 *
 * @module
 */
import { join } from "node:path";
import { DeliveredElements, DirqSimple } from "../../spool/mod.ts";
import type { Arrived, DemoProtocol } from "./protocol.ts";
import type { DemoSite } from "./site.ts";

/** Dirq directories on both sides, and the commands for them. */
export const DIRQ_SPOOLS: Pick<
  DemoProtocol,
  | "refusedStatus"
  | "receiverOptions"
  | "commands"
  | "drop"
  | "waiting"
  | "filed"
> = {
  refusedStatus: 0,
  receiverOptions: [],
  commands: { receive: "receive", send: "send" },
  drop: (outgoing, bytes) => new DirqSimple(outgoing).add(bytes),
  waiting: (outgoing) => new DirqSimple(outgoing).list(),
  async filed(path) {
    const queue = new DeliveredElements(path);
    const arrived: Arrived[] = [];
    const text = (bytes?: Uint8Array) => new TextDecoder().decode(bytes);
    for (const name of await queue.list()) {
      const fields = await queue.read(name);
      arrived.push({
        name,
        sentAs: text(fields["empaid"]),
        signer: text(fields["signer"]),
        error: text(fields["error"]),
        body: fields["body"] ?? new Uint8Array(),
      });
    }
    return arrived;
  },
};

/** The certificate that senders encrypt for. */
export function receiverCertificate({ directory }: DemoSite): string {
  return join(directory, "certificates", "receiver.pem");
}

/** The section of a file that says where the log is. */
export function logging(
  { directory }: DemoSite,
  name: string,
  console: boolean,
): string {
  return `[logging]
logfile = ${join(directory, `${name}.log`)}
level = INFO
console = ${console}
`;
}
