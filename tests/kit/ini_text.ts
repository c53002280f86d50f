/**
 * Configuration files made of sections.
 *
 * @module
 */

/** The keys of a section; `undefined` takes one away. */
export type Section = Readonly<Record<string, string | number | undefined>>;

/** Sections of a configuration file, or what is changed in one. */
export type Sections = Readonly<Record<string, Section>>;

/** The text of a configuration file with changes; a section whose keys are all taken away is none. */
export function iniText(...changes: readonly Sections[]): string {
  const sections: Record<string, Section> = {};
  for (const change of changes) {
    for (const [name, keys] of Object.entries(change)) {
      sections[name] = { ...sections[name], ...keys };
    }
  }
  return Object.entries(sections).map(([name, keys]) => {
    const lines = Object.entries(keys).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key} = ${value}\n`]
    );
    return lines.length === 0 ? "" : `[${name}]\n${lines.join("")}\n`;
  }).join("");
}
