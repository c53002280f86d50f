import assert from "node:assert/strict";
import { outgoingPart } from "../../../../lib/cli/status/outgoing_part.ts";
import { rejectPart } from "../../../../lib/cli/status/received_part.ts";
import { crlsPart } from "../../../../lib/cli/status/certificates_part.ts";
import {
  deliveredIn,
  DirqWaiting,
  type RejectedEntry,
} from "../../../../lib/spool/mod.ts";
import { temporaryDirectory } from "../../../kit/disk/directories.ts";
import { openssl } from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";

/** How often functions of the runtime are called meanwhile. */
async function calls<T>(
  names: readonly ("lstatSync" | "openSync" | "readDirSync")[],
  work: () => T | Promise<T>,
): Promise<{ counts: number[]; value: T }> {
  const originals = names.map((name) => Deno[name]);
  const counts = names.map(() => 0);
  names.forEach((name, i) => {
    Object.assign(Deno, {
      [name]: (...args: unknown[]) => {
        counts[i]!++;
        return (originals[i] as (...args: unknown[]) => unknown)(...args);
      },
    });
  });
  try {
    return { value: await work(), counts };
  } finally {
    names.forEach((name, i) => Object.assign(Deno, { [name]: originals[i] }));
  }
}

Deno.test("outgoingPart() looks once at each file, and twice into each directory", async () => {
  await using directory = await temporaryDirectory();
  for (let i = 0; i < 10; i++) {
    const name = `${directory.path}/6927a1f${i}`;
    await Deno.mkdir(name);
    for (let j = 0; j < 100; j++) {
      const element = `6927a1f${i}${String(j).padStart(6, "0")}`;
      await Deno.writeTextFile(`${name}/${element}`, "x");
    }
  }
  const { counts, value } = await calls(
    ["lstatSync", "openSync", "readDirSync"],
    () =>
      outgoingPart(
        {
          path: directory.path,
          type: "dirq",
          waiting: new DirqWaiting(directory.path),
        },
        [],
        Date.now(),
      ),
  );
  assert.equal(value.files, 1000);
  const [looks, opened, listed] = counts;
  assert.equal(looks, 1000);
  assert.equal(opened, 0);
  // The queue, its directories twice, and once where senders leave their traces.
  assert.equal(listed, 1 + 10 + 10 + 1);
});

Deno.test("deliveredIn() looks at names alone", async () => {
  await using directory = await temporaryDirectory();
  await Deno.mkdir(`${directory.path}/00000000`);
  for (let i = 0; i < 100; i++) {
    const element = `6927a1f0${String(i).padStart(6, "0")}`;
    await Deno.mkdir(`${directory.path}/00000000/${element}`);
  }
  const { counts, value } = await calls(
    ["lstatSync", "readDirSync"],
    () => deliveredIn(directory.path, "dirq"),
  );
  assert.deepEqual(value, { count: 100, oldest: 0x6927a1f0 * 1000 });
  assert.deepEqual(counts, [0, 2]);
});

Deno.test("rejectPart() looks into the latest of very many, and counts all", () => {
  const ids = Array.from({ length: 100_000 }, (_, i) => `${i}`);
  const seen: string[] = [];
  const { total, grouped, groups, newest } = rejectPart("/reject", {
    ids: () => ids,
    entry: (id): RejectedEntry => {
      seen.push(id);
      return {
        ...{ id, since: Number(id), last: Number(id), count: 1, bytes: 1 },
        ...{ reason: "why", signer: undefined, senderId: undefined },
        ...{ waits: false, locked: undefined },
      };
    },
  });
  assert.deepEqual([total, grouped, seen.length], [100_000, 2000, 2000]);
  assert.equal(seen[0], "98000");
  assert.equal(newest, new Date(99_999).toISOString());
  assert.deepEqual(groups, [
    { reason: "why", signer: null, count: 2000, newest },
  ]);
});

testWith(
  ["openssl"],
  "crlsPart() reads the dates of CRLs as openssl writes them, and tells what is none",
  async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    const file = (name: string) => `${path}/${name}`;
    await Deno.writeTextFile(
      file("ca.cnf"),
      `[ca]\ndefault_ca = d\n[d]\ndatabase = ${
        file("index")
      }\ndefault_md = sha256\n`,
    );
    await Deno.writeTextFile(file("index"), "");
    await openssl([
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt"],
      ...["ec_paramgen_curve:P-256", "-nodes", "-keyout", file("key")],
      ...["-out", file("ca"), "-subj", "/C=UK/O=Test/CN=CA"],
    ]);
    const generate = async (name: string, days: string) => {
      await openssl([
        ...["ca", "-gencrl", "-config", file("ca.cnf"), "-crldays", days],
        ...["-keyfile", file("key"), "-cert", file("ca"), "-out", file(name)],
      ]);
    };
    await generate("00000000.r0", "30");
    await generate("00000001.r0", "5");
    await openssl([
      ...["crl", "-in", file("00000000.r0"), "-outform", "DER"],
      ...["-out", file("00000002.r0")],
    ]);
    await Deno.writeTextFile(file("00000003.r0"), "no CRL");
    await Deno.symlink("00000000.r0", file("00000004.r0"));
    const now = Date.now();
    const { files, expired, first } = crlsPart(path, now);
    assert.deepEqual([files, expired], [4, 1]);
    assert.equal(first!.issuer, "/C=UK/O=Test/CN=CA");
    assert.equal(Math.round(first!.seconds_left / 86_400), 5);
    assert.equal(crlsPart(path, now + 6 * 86_400_000).expired, 2);
    const short = crlsPart(path, now + 31 * 86_400_000);
    assert.deepEqual([short.expired, short.files], [4, 4]);
  },
);
