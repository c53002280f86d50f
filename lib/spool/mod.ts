/**
 * Spools: directories from which messages are sent and into which they are delivered.
 *
 * @module
 */
export type {
  ElementFields,
  IncomingSpool,
  ListHearer,
  MarkedElement,
  MarkedSpool,
  OutgoingSpool,
  PreparedElement,
  SignedSpool,
  Signing,
  SpoolEntry,
  SpoolWatch,
} from "./spool.ts";
export { DirqSimple, type DirqSimpleOptions } from "./dirq/outgoing.ts";
export { DirqSchema, type DirqSchemaOptions } from "./dirq/incoming.ts";
export { DeliveredElements } from "./dirq/delivered_elements.ts";
export {
  MarkedElements,
  type MarkedElementsOptions,
} from "./dirq/marked_elements.ts";
export {
  PlainDirectory,
  type PlainDirectoryOptions,
} from "./plain/outgoing.ts";
export { DirectoryWatch } from "./disk/directory_watch.ts";
export { directoryExists } from "./disk/files.ts";
export { Ssm1Incoming, type Ssm1IncomingOptions } from "./ssm1/incoming.ts";
export {
  makeSsm1Directories,
  type Ssm1DirectoriesOptions,
} from "./ssm1/directories.ts";
export { Ssm1Reject, type Ssm1RejectOptions } from "./ssm1/reject.ts";
