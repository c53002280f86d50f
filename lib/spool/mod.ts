/**
 * Spools: directories from which messages are sent and into which they are delivered.
 *
 * @module
 */
export type {
  ElementFields,
  HeldElement,
  IncomingMessage,
  IncomingSpool,
  ListObserver,
  MarkedSpool,
  OutgoingSpool,
  SignedSpool,
  Signing,
  SpoolEntry,
  SpoolWatch,
} from "./spool.ts";
export { Order, type Turn } from "./order.ts";
export { DirqSimple } from "./dirq/outgoing.ts";
export { DirqSchema, type DirqSchemaOptions } from "./dirq/incoming.ts";
export { DeliveredElements } from "./dirq/delivered_elements.ts";
export { MarkedElements } from "./dirq/marked_elements.ts";
export { PlainDirectory } from "./plain/outgoing.ts";
export { DirectoryWatch } from "./disk/directory_watch.ts";
export { directoryExists } from "./disk/files.ts";
export { contentDigest } from "./ssm1/names.ts";
export { Ssm1Incoming, type Ssm1IncomingOptions } from "./ssm1/incoming.ts";
export { makeSsm1Directories } from "./ssm1/directories.ts";
export { Ssm1Reject } from "./ssm1/reject.ts";
export type {
  HeldRejected,
  RejectedEntry,
  RejectedSpool,
  WaitingEntry,
  WaitingSpool,
} from "./stuck.ts";
export { deliveredIn } from "./inspection/delivered.ts";
export { DirqRejected } from "./inspection/dirq_rejected.ts";
export { DirqWaiting } from "./inspection/dirq_waiting.ts";
export { PlainWaiting } from "./inspection/plain_waiting.ts";
export {
  announceSender,
  holderOf,
  type KnownSender,
  sendersOf,
} from "./inspection/senders.ts";
export { Ssm1Rejected } from "./inspection/ssm1_rejected.ts";
