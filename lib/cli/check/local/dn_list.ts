/**
 * The list of allowed signers.
 *
 * @module
 */
import { AllowedDns, parseDns } from "../../../credentials/mod.ts";
import { quoted } from "../../../errors.ts";
import { type Finding, findingsOf, ok, warn } from "../finding/finding.ts";

/** Lines of one kind that are shown. */
const SHOWN = 5;

/** Reads it as a receiver does, and tells of lines that may not mean what their author thinks. */
export function checkDnList(
  { path, ignoreCase }: { path: string; ignoreCase: boolean },
): Promise<Finding[]> {
  return findingsOf("dn_list", async (log) => {
    await AllowedDns.open(path, log, { ignoreCase });
    const { dns } = parseDns(await Deno.readFile(path));
    const distinct = new Set(dns);
    const doubled = [...distinct].filter((dn) =>
      dns.indexOf(dn) !== dns.lastIndexOf(dn)
    );
    return [
      ok(
        "dn_list",
        `${path}: ${distinct.size} ${distinct.size === 1 ? "DN" : "DNs"}`,
        {
          measures: [{ name: "dns", value: distinct.size, unit: "" }],
        },
      ),
      ...oddities(
        path,
        dns.filter((dn) => /\s#/.test(dn)),
        "has a comment behind the DN, which is taken for a part of it",
        "put the comment into a line of its own",
      ),
      ...oddities(
        path,
        [...distinct].filter((dn) => quoted(dn) !== `"${dn}"`),
        "has characters that cannot be seen",
        "write the line anew by hand",
      ),
      ...oddities(path, doubled, "is there more than once", undefined),
    ];
  });
}

function oddities(
  path: string,
  dns: readonly string[],
  what: string,
  hint: string | undefined,
): Finding[] {
  const shown = dns.slice(0, SHOWN).map((dn) =>
    warn("dn_list", `${path}: ${quoted(dn)} ${what}`, { hint })
  );
  const rest = dns.length - shown.length;
  return rest > 0
    ? [...shown, warn("dn_list", `${path}: ${rest} more like it: ${what}`)]
    : shown;
}
