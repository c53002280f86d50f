/**
 * What an administrator meant to list: a DN that differs from the signer's only
 * in how it is written. It is named, never accepted.
 *
 * @module
 */

/** One way in which two spellings of a DN may differ: what takes the difference away. */
interface Difference {
  readonly words: string;
  readonly erase: (dn: string) => string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  quot: '"',
  apos: "'",
  lt: "<",
  gt: ">",
  nbsp: " ",
};

/** In the order in which they are taken away: what hides another comes first. */
const DIFFERENCES: readonly Difference[] = [
  {
    words: "a comment behind it",
    erase: (dn) => dn.replace(/\s#.*$/, "").trimEnd(),
  },
  { words: "HTML escapes", erase: decodeEntities },
  {
    words: "an escaped invisible character",
    erase: (dn) =>
      dn.replace(/(\\x(E2\\x80\\x8[B-F]|EF\\xBB\\xBF|C2\\xAD))/gi, ""),
  },
  { words: "an invisible character", erase: (dn) => dn.replace(/\p{C}/gu, "") },
  {
    words: "composed and decomposed letters",
    erase: (dn) => dn.normalize("NFC"),
  },
  { words: "hyphens", erase: (dn) => dn.replace(/[\p{Pd}\u2212]/gu, "-") },
  {
    words: "the name of an attribute (Email, E, USERID)",
    erase: (dn) =>
      dn.replace(/\/e(mail)?=/gi, "/emailAddress=")
        .replace(/\/userid=/gi, "/UID="),
  },
  { words: "blanks", erase: (dn) => dn.replace(/\s/g, "") },
  { words: "upper and lower case", erase: (dn) => dn.toLowerCase() },
];

/** Finds listed DNs that differ from others only in how they are written. */
export class NearDns {
  readonly #byCore: Map<string, string>;

  /** @param dns as they are listed */
  constructor(dns: Iterable<string>) {
    this.#byCore = new Map(Array.from(dns, (dn) => [core(dn), dn]));
  }

  /** `listed is X, which differs only in blanks`; `undefined` when nothing is near. */
  explain(dn: string): string | undefined {
    const listed = this.#byCore.get(core(dn));
    if (listed === undefined) return undefined;
    const words = differences(dn, listed).join(" and ");
    return `listed is ${listed}, which differs only in ${words}`;
  }
}

/** What is left of a DN when nothing counts that may differ. */
function core(dn: string): string {
  return DIFFERENCES.reduce((text, { erase }) => erase(text), dn);
}

/** The few that are enough to make one into the other. */
function differences(one: string, other: string): string[] {
  const needed = DIFFERENCES.filter((left) => {
    const others = DIFFERENCES.filter((difference) => difference !== left);
    const without = (dn: string) =>
      others.reduce((text, { erase }) => erase(text), dn);
    return without(one) !== without(other);
  });
  return needed.map(({ words }) => words);
}

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
      const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
