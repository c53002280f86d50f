/**
 * Spools: directories from which messages are sent and into which they are delivered.
 *
 * @module
 */
export type {
  ElementFields,
  IncomingSpool,
  OutgoingSpool,
  PreparedElement,
  SpoolEntry,
} from "./spool.ts";
export { DirqSimple, type DirqSimpleOptions } from "./dirq_simple.ts";
export { DirqSchema, type DirqSchemaOptions } from "./dirq_schema.ts";
export { DeliveredElements } from "./delivered_elements.ts";
export {
  PlainDirectory,
  type PlainDirectoryOptions,
} from "./plain_directory.ts";
export { directoryExists } from "./files.ts";
export { Ssm1Incoming, type Ssm1IncomingOptions } from "./ssm1_incoming.ts";
export {
  makeSsm1Directories,
  type Ssm1DirectoriesOptions,
} from "./ssm1_directories.ts";
export { Ssm1Reject, type Ssm1RejectOptions } from "./ssm1_reject.ts";
