import { siteTests } from "../../../kit/programs/program_site.ts";
import { bytes } from "../../../kit/text.ts";
import { sealed } from "../../../kit/receiving.ts";
import { runScript } from "../../../kit/programs/script.ts";

const test = siteTests();

test("ssm verify tells who signed a message, and what a receiver thinks of it", async (site) => {
  const { ec, unlisted, rogue, revoked, server, caPath } = site.pki;
  await site.receiver(1, { certificates: { check_crls: "true" } });
  await site.write("good.eml", await site.sign(ec, "one record\n"));
  await site.write("unlisted.eml", await site.sign(unlisted, "two\n"));
  await site.write("rogue.eml", await site.sign(rogue, "three\n"));
  await site.write("revoked.eml", await site.sign(revoked, "four\n"));
  const changed = (await site.sign(ec, "five\n")).replace("five", "FIVE");
  await site.write("changed.eml", changed);
  const body = await sealed(bytes("six\n"), ec, server);
  await Deno.writeFile(`${site.dir}/encrypted.eml`, body);
  await site.write("plain.txt", "no message\n");
  await runScript(new URL("verify.txtar", import.meta.url), {
    dir: site.dir,
    variables: { capath: caPath },
  });
});
