/**
 * A message to publish, and how large AMS keeps it.
 *
 * @module
 */

/** What is to be published. */
export interface AmsMessage {
  /** Any bytes. */
  readonly data: Uint8Array;
  /**
   * Names and values. AMS stores them unescaped: a value with `"`, a control
   * character or a `\` makes the message unreadable for every subscriber. Only
   * printable ASCII without `"` and `\` is published.
   */
  readonly attributes: Readonly<Record<string, string>>;
}

/** The longest message id and time that AMS writes into a stored message. */
const LONGEST_ID = "9".repeat(19);
const LONGEST_TIME = "2026-01-01T00:00:00.000000000Z";

/**
 * The size at which AMS stores a message, in bytes: as JSON indented by three,
 * data in base64, with an id and a time. The limit of the service is on this
 * size of each single message, not on that of a call. It is an upper bound: id
 * and time are taken at their longest.
 */
export function storedSize({ data, attributes }: AmsMessage): number {
  const stored = JSON.stringify(
    {
      messageId: LONGEST_ID,
      attributes,
      data: "",
      publishTime: LONGEST_TIME,
    },
    undefined,
    3,
  );
  return goSize(stored) + Math.ceil(data.length / 3) * 4;
}

/** The UTF-8 size of JSON as Go writes it: `<`, `>`, `&` and two line separators have six bytes. */
function goSize(json: string): number {
  const plain = new TextEncoder().encode(json).length;
  return plain + 5 * (json.match(/[<>&]/g)?.length ?? 0) +
    3 * (json.match(/[\u2028\u2029]/g)?.length ?? 0);
}

const SAFE = /^[ !#-[\]-~]*$/;

/** The names of attributes that AMS would store in a form that nobody can read. */
export function unsafeAttributes({ attributes }: AmsMessage): string[] {
  return Object.entries(attributes)
    .filter(([name, value]) => !SAFE.test(name) || !SAFE.test(value))
    .map(([name]) => name);
}

/** The body of a call that publishes these messages. */
export function publishBody(messages: readonly AmsMessage[]): string {
  return JSON.stringify({
    messages: messages.map(({ data, attributes }) => ({
      attributes,
      data: data.toBase64(),
    })),
  });
}
