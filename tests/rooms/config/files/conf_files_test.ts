import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  type Ini,
  parseIni,
  readReceiverConfig,
  readSenderConfig,
  readSsm1Config,
  readStompserverConfig,
  RECEIVER_TABLES,
  SENDER_TABLES,
  SSM1_TABLES,
  STOMPSERVER_TABLES,
  type Table,
} from "../../../../lib/config/mod.ts";
import { parseDns } from "../../../../lib/credentials/dn_list.ts";
import { SURROUNDINGS } from "./made_files.ts";

const CONF = fileURLToPath(new URL("../../../../conf/", import.meta.url));

const FILES: [
  name: string,
  tables: Readonly<Record<string, Table>>,
  read: (ini: Ini) => { warnings: readonly string[] },
][] = [
  ["sender.cfg", SENDER_TABLES, readSenderConfig],
  ["receiver.cfg", RECEIVER_TABLES, readReceiverConfig],
  ["broker.cfg", STOMPSERVER_TABLES, readStompserverConfig],
  ["ssm1.cfg", SSM1_TABLES, (ini) => readSsm1Config(ini, SURROUNDINGS)],
];

/** For AMS, which is refused: no reason to show them. */
const HIDDEN = ["ams_project", "token"];

for (const [name, tables, read] of FILES) {
  Deno.test(`conf/${name} is read without a warning`, async () => {
    const text = await Deno.readTextFile(CONF + name);
    assert.deepEqual(read(parseIni(text, name)).warnings, []);
  });

  Deno.test(`conf/${name} shows every key, with its default where it is commented out`, async () => {
    const text = await Deno.readTextFile(CONF + name);
    const all = parseIni(text.replace(/^#([\w-]+ =)/gm, "$1"), name);
    const active = parseIni(text, name);
    for (const [section, table] of Object.entries(tables)) {
      const keys = Object.values(table)
        .filter((key) => !HIDDEN.includes(key.name));
      assert.deepEqual(
        all.options(section).map((option) => option.name).sort(),
        keys.map((key) => key.name).sort(),
      );
      for (const key of keys) {
        assert.ok(!key.required || active.find(section, key.name), key.name);
        if (active.find(section, key.name)) continue;
        if (key.defaultText === undefined) continue;
        assert.equal(all.get(section, key.name), key.defaultText, key.name);
      }
    }
  });
}

Deno.test("conf/dns has nothing but comments", async () => {
  const text = await Deno.readTextFile(`${CONF}dns`);
  assert.deepEqual(parseDns(new TextEncoder().encode(text)), {
    dns: [],
    malformed: [],
  });
});

async function conf(ending: string): Promise<[name: string, text: string][]> {
  const files: [string, string][] = [];
  for await (const { name } of Deno.readDir(CONF)) {
    if (!name.endsWith(ending)) continue;
    files.push([name, await Deno.readTextFile(CONF + name)]);
  }
  return files;
}

Deno.test("conf/logrotate rotates every log of conf/, and tells every program that stays", async () => {
  const rotation = await Deno.readTextFile(`${CONF}logrotate`);
  const [rotated = "", told = ""] = rotation.split("postrotate");
  const logs = new Map(
    (await conf(".cfg")).map(([name, text]) => [
      name,
      /^logfile = (.+)$/m.exec(text)?.[1],
    ]),
  );
  const used = [...logs.values()].filter((log) => log !== undefined);
  assert.ok(used.length >= 3);
  for (const log of used) assert.ok(rotated.split(/\s/).includes(log), log);
  for (const [name, text] of await conf(".service")) {
    const [, config = ""] = /\/([a-z0-9]+\.cfg)/.exec(text) ?? [];
    if (!text.includes("ExecReload=") || logs.get(config) === undefined) {
      continue;
    }
    const unit = name.replace(".service", "");
    assert.ok(told.split(/[\s;]/).includes(unit), unit);
  }
});
