import assert from "node:assert/strict";
import { configReference } from "../scripts/config_reference.ts";

/** Markdown without the spaces by which a formatter aligns tables. */
function plain(markdown: string): string {
  return markdown.replace(/-{3,}/g, "---").replace(/[ \n]+/g, " ").trim();
}

Deno.test("README lists every key of every file as the tables say it", async () => {
  const readme = await Deno.readTextFile(
    new URL("../README.md", import.meta.url),
  );
  const [, shown = ""] =
    /<!-- reference -->(.*)<!-- \/reference -->/s.exec(readme) ?? [];
  assert.equal(plain(shown), plain(configReference()));
});
