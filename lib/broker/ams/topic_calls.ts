/**
 * The calls about topics.
 *
 * @module
 */
import type { HttpServerAnswer } from "../../net/mod.ts";
import { listOf, membersOf, readMembers, textOf, textsOf } from "./go_json.ts";
import { type Published, storedSize, toMessage } from "../ams_topics/record.ts";
import { json, refuse } from "./refusal.ts";
import type { AmsTopic } from "../ams_topics/topic.ts";

/** What publishing depends on. */
export interface PublishRules {
  /** What a message may take, as {@linkcode storedSize} counts. */
  readonly maxMessageBytes: number;
  readonly retentionMs: number;
  readonly now: () => number;
}

/**
 * Takes the messages of a call in. All or none, which the real one cannot do; a
 * client cannot tell that from a call whose first message failed.
 *
 * @throws {AmsRefusal} when they are none, or one is too large
 */
export async function publish(
  topic: AmsTopic,
  body: Uint8Array,
  { maxMessageBytes, retentionMs, now }: PublishRules,
): Promise<HttpServerAnswer> {
  const published = readMessages(body);
  if (published === undefined) throw refuse.body("Message");
  const date = new Date(now());
  const time = date.toISOString();
  if (published.some((each) => storedSize(each, time) > maxMessageBytes)) {
    throw refuse.tooLarge();
  }
  const about = { topic: topic.fullName, now: date, retentionMs };
  const offsets = published.length === 0
    ? []
    : await topic.publish(published.map((each) => toMessage(each, about)));
  return json({ messageIds: offsets.map(String) });
}

function readMessages(body: Uint8Array): Published[] | undefined {
  try {
    const messages = listOf(readMembers(body).get("messages")) ?? [];
    return messages.map(readPublished);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A message among those of a call. @throws {SyntaxError} if it is none */
function readPublished(value: unknown): Published {
  const members = membersOf(value);
  textOf(members.get("messageid"));
  textOf(members.get("publishtime"));
  return {
    attributes: textsOf(members.get("attributes")),
    data: textOf(members.get("data")) ?? "",
  };
}

/** A topic as AMS shows it. */
export function shownTopic({ fullName, created }: AmsTopic) {
  return { name: fullName, created_on: zulu(created) };
}

/** A time as AMS writes it, to seconds. */
export function zulu(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/**
 * A page of a list. AMS counts pages by the number of the first item; its tokens
 * are in Base64.
 */
export function page<Key extends string>(
  key: Key,
  items: readonly unknown[],
  query: URLSearchParams,
): HttpServerAnswer {
  const size = Number(query.get("pageSize") || "0");
  if (!Number.isSafeInteger(size)) {
    throw refuse.data("Invalid page size");
  }
  const start = readToken(query.get("pageToken") ?? "");
  if (start === undefined) throw refuse.data("Invalid page token");
  const end = size > 0 ? start + size : items.length;
  return json({
    [key]: items.slice(start, end),
    nextPageToken: end < items.length ? btoa(String(end)) : "",
    totalSize: items.length,
  });
}

function readToken(token: string): number | undefined {
  if (token === "") return 0;
  try {
    const start = Number(atob(token));
    return Number.isSafeInteger(start) && start >= 0 ? start : undefined;
  } catch {
    return undefined;
  }
}
