import assert from "node:assert/strict";
import { announceSender, DirqSimple } from "../../../../lib/spool/mod.ts";
import { ssm } from "../../../kit/programs/program.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";
import { assertSchema, readSchemas } from "./json_schema.ts";
import { leaveTrace } from "./outgoing_site.ts";
import { rejectMessage } from "./reject_site.ts";

const test = siteTests();

test("Every command prints the document that docs/operating.md describes", async (site) => {
  const { ec, unlisted, rogue } = site.pki;
  const receiver = await site.receiver(1);
  const sender = await site.sender(1);
  for (const from of [ec, unlisted, rogue]) {
    await rejectMessage(site, from, {
      ...{ text: "a record\n", id: from.certificatePath, error: "No reason" },
    });
  }
  const [first, second, third] = await site.drop("one", "two", "three");
  await site.write("message.eml", await site.sign(ec, "a record"));
  const spool = new DirqSimple(site.outgoing);
  assert.ok(await spool.lock(first!));
  assert.ok(await spool.lock(second!));
  const schemas = await readSchemas();
  /** Fields that no document had yet. */
  const unmet = new Map<string, string[]>();
  const check = async (command: string, ...args: string[]) => {
    const config = /outgoing/.test(command) ? sender : receiver;
    const { stdout, stderr } = await ssm([
      ...command.split(" ").slice(1),
      ...["-c", config, "--json", ...args],
    ]);
    const document = JSON.parse(stdout || assert.fail(stderr));
    const schema = schemas.get(command)!;
    const met = assertSchema(document, schema);
    unmet.set(
      command,
      (unmet.get(command) ?? [...schema.keys()]).filter((path) =>
        !met.has(path)
      ),
    );
    return document;
  };
  await check("ssm check", "--offline");
  await check("ssm reject list");
  const { reject } = await check("ssm reject list", "--all");
  for (const { id } of reject.messages) await check("ssm reject show", id);
  await check("ssm verify", `${site.dir}/message.eml`);
  {
    using _running = announceSender(site.outgoing, {
      ...{ pid: Deno.pid, host: "here", since: Date.now() - 60_000 },
    });
    await check("ssm outgoing list", "--all");
    await check("ssm outgoing show", first!);
    await check("ssm outgoing unlock", first!);
  }
  await Deno.writeTextFile(`${site.outgoing}/stray.txt`, "plain");
  await leaveTrace(site);
  await check("ssm outgoing list");
  await check("ssm outgoing show", third!);
  await check("ssm outgoing unlock", first!);
  await check("ssm outgoing remove", first!, second!, "--yes");
  const { retried } = await check("ssm reject retry", "--all");
  await Deno.mkdir(`${site.received}/reject/${retried[1].id}/locked`);
  await check("ssm reject remove", "--all", "--yes");
  assert.deepEqual(
    [...unmet.keys()].sort(),
    // That of `ssm status` has tests of its own, for each role.
    [...schemas.keys()].filter((command) => command !== "ssm status").sort(),
  );
  assert.deepEqual([...unmet.values()].flat(), []);
});
