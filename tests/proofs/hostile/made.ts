/**
 * The corpus, made for one site.
 *
 * @module
 */
import { CORPUS } from "./corpus/mod.ts";
import type { Chapter, HostileMessage } from "./message.ts";
import { HostileSite } from "./site.ts";

/** A message of the corpus with its bytes. */
export interface MadeMessage extends HostileMessage {
  readonly chapter: string;
  readonly body: Uint8Array;
}

/** A site and what is sent to it. */
export class MadeCorpus implements AsyncDisposable {
  readonly site: HostileSite;
  readonly messages: readonly MadeMessage[];

  private constructor(site: HostileSite, messages: readonly MadeMessage[]) {
    this.site = site;
    this.messages = messages;
  }

  /** Makes these chapters; afterwards the site's authorities are known to it. */
  static async make(
    chapters: readonly Chapter[] = CORPUS,
  ): Promise<MadeCorpus> {
    const site = await HostileSite.create();
    try {
      const messages: MadeMessage[] = [];
      for (const { title, messages: all } of chapters) {
        for (const message of all) {
          const body = await message.make(site);
          messages.push({ ...message, chapter: title, body });
        }
      }
      await site.writeCaDirectory();
      return new MadeCorpus(site, messages);
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.site[Symbol.asyncDispose]();
  }
}
