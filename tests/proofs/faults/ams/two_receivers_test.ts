/**
 * Two `ssm receive` on one subscription, with one directory and with two.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Running, ssm, ssmCommand } from "../../../kit/programs/program.ts";
import { type Site, siteTests } from "../../../kit/programs/program_site.ts";
import { FaultLayer } from "./fault_layer.ts";

const test = siteTests();

const COUNT = 120;
const TOKEN = "0123456789abcdef";

const EXPECTED = Array.from({ length: COUNT }, (_, index) => `record ${index}`)
  .sort();

async function bodies(site: Site): Promise<string[]> {
  assert.deepEqual(await site.elements("reject"), []);
  return (await site.elements("incoming")).map(({ body }) => body!);
}

/** Receives with two at once what is sent meanwhile, until all of it is acknowledged. */
async function receiveWithTwo(
  site: Site,
  other: Site,
  path: string,
): Promise<void> {
  await using layer = await FaultLayer.start(site.pki);
  const common = {
    broker: { authn_port: undefined },
    messaging: { ams_project: "accounting", destination: "records" },
  };
  const receiving = (one: Site, path: string) =>
    one.amsReceiver(layer.port, {
      ...common,
      messaging: {
        ...common.messaging,
        ...{ path, token: TOKEN, ams_poll_pause: 0.5, window: 7 },
      },
    });
  const configs = [
    await receiving(site, site.received),
    await receiving(other, path),
  ];
  const sender = await site.amsSender(layer.port, {
    ...common,
    messaging: { ...common.messaging, token: TOKEN, window: 20 },
    logging: { logfile: `${site.dir}/sender.log` },
  });
  for (const config of [...configs, sender]) await Deno.chmod(config, 0o600);
  const [one, two] = configs;
  await using first = new Running(ssmCommand(["receive", "-c", one!]));
  await using second = new Running(ssmCommand(["receive", "-c", two!]));
  const both = [first, second];
  await Promise.all(both.map((one) => one.line(/Will subscribe to: /)));
  await site.drop(...EXPECTED);
  assert.equal((await ssm(["send", "-c", sender])).status, 0);
  await layer.emptied();
  for (const { status } of await Promise.all(both.map((one) => one.stop()))) {
    assert.equal(status, 0);
  }
  assert.deepEqual(await site.waiting(), []);
}

test("two ssm receive on one subscription of AMS, with one directory, file each message once", async (site) => {
  await using other = await site.another();
  await receiveWithTwo(site, other, site.received);
  assert.deepEqual((await bodies(site)).sort(), EXPECTED);
});

test("two ssm receive on one subscription of AMS, with a directory each, lose nothing", async (site) => {
  await using other = await site.another();
  await receiveWithTwo(site, other, other.received);
  const [first, second] = [await bodies(site), await bodies(other)];
  // What one has saved may come to the other, too; nobody files it twice.
  for (const own of [first, second]) {
    assert.equal(new Set(own).size, own.length);
  }
  assert.deepEqual([...new Set([...first, ...second])].sort(), EXPECTED);
});
