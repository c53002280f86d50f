/**
 * Marks in directories: claims, writes, syncs, removals.
 *
 * @module
 */
import {
  DirqSimple,
  PlainDirectory,
  type SpoolEntry,
} from "../../../../lib/spool/mod.ts";
import { after, before } from "./patch.ts";
import type { OrderedDeath } from "../deaths/ordered_death.ts";

/** `after lock`, `before remove`, `amid remove` and `after remove`. */
export function markOutgoing(death: OrderedDeath): void {
  const markRemoval = removalMarker(death);
  for (const spool of [DirqSimple, PlainDirectory]) {
    after(spool.prototype, "lock", (entry) => {
      if (entry === undefined) return;
      death.reach("after lock");
      markRemoval(entry as SpoolEntry);
    });
  }
}

/** An entry has two names, that of the file and that of its lock or claim: first the one goes, then the other. */
function removalMarker(death: OrderedDeath): (entry: SpoolEntry) => void {
  const removing = new Set<string>();
  for (const remove of ["remove", "removeSync"]) {
    after(Deno, remove, (_result, _self, path) => {
      const name = [...removing].find((one) => `${path}`.endsWith(`/${one}`));
      if (name === undefined) return;
      removing.delete(name);
      death.reach("amid remove");
    });
  }
  return (entry) => {
    before(entry, "remove", () => {
      death.reach("before remove");
      removing.add(entry.name);
    });
    after(entry, "remove", () => death.reach("after remove"));
  };
}

/** What is heard of writes and syncs of files and directories, by their paths. */
export interface FileMarks {
  readonly written: (path: string) => void;
  readonly synced: (path: string) => void;
}

/** Tells of writes and syncs, which know a file by its handle only. */
export function markFiles({ written, synced }: FileMarks): void {
  const paths = new WeakMap<object, string>();
  const pathOf = (file: unknown) => paths.get(file as object) ?? "";
  after(Deno, "openSync", (file, _self, path) => {
    paths.set(file as object, `${path}`);
  });
  const methods = Deno.FsFile.prototype;
  after(methods, "write", (_result, file) => written(pathOf(file)));
  after(methods, "sync", (_result, file) => synced(pathOf(file)));
}
