import assert from "node:assert/strict";
import { writeCaDirectory } from "../../../peers/openssl/openssl.ts";
import { Receiving } from "../../../kit/programs/program_receiver.ts";
import { siteTests } from "../../../kit/programs/program_site.ts";

const test = siteTests();

for (const retry_untrusted of ["true", "false"]) {
  test(`ssm receive with retry_untrusted = ${retry_untrusted} and a CRL that comes late`, async (site) => {
    const { ca, ec } = site.pki;
    const capath = `${site.dir}/certificates`;
    const pem = ca.credentials.certificatePem;
    await writeCaDirectory(capath, [pem]);
    const changes = {
      certificates: { capath, check_crls: "true", retry_untrusted },
    };
    {
      await using receiving = await Receiving.start(site, changes);
      assert.equal(await receiving.send(ec, "a record"), "reject");
      // In the log after it is on disk.
      if (retry_untrusted === "true") {
        await receiving.receiver.line(/Run fetch-crl/);
      }
    }
    const [waiting] = await site.elements("reject");
    assert.match(waiting!.error!, /no CRL of \/C=UK\/O=Test\/CN=Test CA/);
    const told = (await site.log()).filter((line) =>
      /Run fetch-crl/.test(line)
    );
    assert.equal(told.length, retry_untrusted === "true" ? 1 : 0);
    await writeCaDirectory(capath, [pem, await ca.crl()]);
    await using receiving = await Receiving.start(site, changes);
    if (retry_untrusted === "true") {
      // Before or after the subscription, which has been waited for.
      const delivered = /which waited in reject/;
      if (!(await site.log()).some((line) => delivered.test(line))) {
        await receiving.receiver.line(delivered);
      }
      assert.deepEqual(await site.elements("reject"), []);
    } else {
      assert.equal(await receiving.send(ec, "another record", "2"), "incoming");
      assert.equal((await site.elements("reject")).length, 1);
    }
    const [{ body, signer } = assert.fail(), ...others] = await site.elements(
      "incoming",
    );
    assert.deepEqual(others, []);
    assert.equal(signer, "/C=UK/O=Test/CN=ec.example.org");
    assert.equal(
      body!.trimEnd(),
      retry_untrusted === "true" ? "a record" : "another record",
    );
  });
}
