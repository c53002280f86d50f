import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  type Ini,
  type Key,
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

/** The tables of each file, those of the protocol that it shows first. */
const FILES: [
  name: string,
  tables: readonly Readonly<Record<string, Table>>[],
  read: (ini: Ini) => { warnings: readonly string[] },
][] = [
  ["sender.cfg", [SENDER_TABLES.AMS, SENDER_TABLES.STOMP], readSenderConfig],
  [
    "receiver.cfg",
    [RECEIVER_TABLES.AMS, RECEIVER_TABLES.STOMP],
    readReceiverConfig,
  ],
  ["broker.cfg", [STOMPSERVER_TABLES], readStompserverConfig],
  ["ssm1.cfg", [SSM1_TABLES], (ini) => readSsm1Config(ini, SURROUNDINGS)],
];

for (const [name, tables, read] of FILES) {
  Deno.test(`conf/${name} is read without a warning`, async () => {
    const text = await Deno.readTextFile(CONF + name);
    assert.deepEqual(read(parseIni(text, name)).warnings, []);
  });

  Deno.test(`conf/${name} shows every key, with its default where it is commented out`, async () => {
    const text = await Deno.readTextFile(CONF + name);
    const all = parseIni(text.replace(/^#([\w-]+ =)/gm, "$1"), name);
    const active = parseIni(text, name);
    for (const section of Object.keys(tables[0]!)) {
      const keys = new Map<string, Key<unknown>>();
      for (const table of tables) {
        for (const key of Object.values(table[section]!)) {
          if (!keys.has(key.name)) keys.set(key.name, key);
        }
      }
      assert.deepEqual(
        all.options(section).map((option) => option.name).sort(),
        [...keys.keys()].sort(),
      );
      for (const key of keys.values()) {
        assert.ok(!key.required || active.find(section, key.name), key.name);
        if (active.find(section, key.name)) continue;
        if (key.defaultText === undefined) continue;
        assert.equal(all.get(section, key.name), key.defaultText, key.name);
      }
    }
  });
}

for (const name of ["sender.cfg", "receiver.cfg"]) {
  Deno.test(`conf/${name} marks the keys that are for one protocol alone`, async () => {
    const text = await Deno.readTextFile(CONF + name);
    const tables = name === "sender.cfg" ? SENDER_TABLES : RECEIVER_TABLES;
    for (const section of ["broker", "messaging"] as const) {
      const [, part = ""] = text.split(`[${section}]\n`);
      const names = (table: Table) => Object.values(table).map((k) => k.name);
      const ams = names(tables.AMS[section]);
      const stomp = names(tables.STOMP[section]);
      for (const block of part.split(/\n\n\[/)[0]!.split("\n\n")) {
        const shown = [...block.matchAll(/^#?([a-z_]+) =/gm)]
          .map(([, key]) => key!);
        const marks = [...new Set(block.match(/\((AMS|STOMP)\)/g))];
        const [first = "", ...others] = marks;
        if (first === "" || others.length > 0) {
          const both = shown.some((key) =>
            ams.includes(key) && stomp.includes(key)
          );
          assert.ok(both, block);
          continue;
        }
        const other = first === "(AMS)" ? stomp : ams;
        for (const key of shown) assert.ok(!other.includes(key), block);
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
