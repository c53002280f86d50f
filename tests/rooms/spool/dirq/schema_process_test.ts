import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { DeliveredElements, DirqSchema } from "../../../../lib/spool/mod.ts";
import { testWith } from "../../../peers/parts.ts";
import { startPython } from "../../../peers/python_dirq.ts";
import { modeOf } from "../../../kit/disk/directories.ts";
import { runProgram } from "../../../kit/programs/short_program.ts";

const DELIVER = fileURLToPath(new URL("deliver.ts", import.meta.url));
const COUNT = 200;
const SCHEMA = `{"body": "string", "signer": "string", "empaid": "string?"}`;

Deno.test("DirqSchema loses and doubles nothing when processes are killed and started again", async () => {
  await using site = await makeSite();
  // Each round: two processes deliver the same messages; one is killed on its way.
  for (const killAt of [1, 40, 90]) {
    await Promise.all([
      runUntil(site, killAt),
      runUntil(site, killAt + 25),
    ]);
  }
  await Promise.all([runUntil(site, Infinity), runUntil(site, Infinity)]);
  const queue = await DirqSchema.open(site.path, {
    ledgerDirectory: site.ledger,
    maxTempMs: 0,
  });
  await queue.tidy();
  const delivered = new DeliveredElements(site.path);
  const bodies = await Promise.all(
    delivered.list().map(async (name) => {
      const { body } = await delivered.read(name);
      return new TextDecoder().decode(body);
    }),
  );
  const expected = Array.from({ length: COUNT }, (_, i) => `body ${i}`);
  assert.deepEqual(bodies.sort(), expected.sort());
  assert.deepEqual([...Deno.readDirSync(`${site.path}/temporary`)], []);
});

testWith(
  ["python3-dirq"],
  "DirqSchema delivers to a Python consumer that purges meanwhile, each message once",
  async () => {
    await using site = await makeSite();
    const queue = await DirqSchema.open(site.path, {
      ledgerDirectory: site.ledger,
      maxElements: 20,
    });
    // One only: dirq's purge trips over elements that another consumer is removing.
    const consumer = startPython<string[]>(
      `
queue = Queue(path, schema=${SCHEMA}, maxelts=20)
got = []
last = False
until = time.time() + 60
while not last and time.time() < until:
    last = os.path.exists(sys.argv[2])
    name = queue.first()
    while name:
        if queue.lock(name):
            data = queue.get(name)
            assert data["signer"] == "/CN=x" and data["empaid"]
            got.append(data["body"])
            queue.remove(name)
        name = queue.next()
    queue.purge()
print(json.dumps(got))
`,
      site.path,
      `${site.root}/done`,
    );
    const expected = Array.from({ length: 300 }, (_, i) => `body ${i}`);
    let next = 0;
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (let body = expected[next++]; body; body = expected[next++]) {
        const fields = { body, signer: "/CN=x", empaid: body };
        const prepared = await queue.prepare({ key: body, fields });
        await prepared!.commit();
      }
    }));
    await Deno.writeTextFile(`${site.root}/done`, "");
    const got = await consumer;
    assert.deepEqual(got.sort(), expected.sort());
    assert.deepEqual(new DeliveredElements(site.path).list(), []);
  },
);

testWith(
  ["python3-dirq"],
  "Python's purge leaves what DirqSchema is writing alone",
  async () => {
    await using site = await makeSite();
    const queue = await DirqSchema.open(site.path, {
      ledgerDirectory: site.ledger,
    });
    const prepared = await queue.prepare({
      key: "k",
      fields: { body: "b", signer: "s" },
    });
    for (const { name } of Deno.readDirSync(`${site.path}/temporary`)) {
      await Deno.utime(`${site.path}/temporary/${name}`, 1, 1);
    }
    await startPython(
      `Queue(path, schema=${SCHEMA}).purge(); print("null")`,
      site.path,
    );
    assert.ok(await prepared!.commit());
  },
);

Deno.test("DirqSchema gives files and directories their modes whatever the umask", async () => {
  await using site = await makeSite();
  for (const umask of ["077", "000"]) {
    const path = `${site.root}/${umask}`;
    const { success } = await new Deno.Command("sh", {
      args: [
        "-c",
        `umask ${umask}; exec "$@"`,
        "sh",
        ...[Deno.execPath(), "run", "--no-check"],
        ...delivererArgs(path, `${path}-ledger`, 1),
      ],
    }).output();
    assert.ok(success);
    const [name] = new DeliveredElements(path).list();
    assert.equal(modeOf(`${path}/${name}`), 0o750);
    assert.equal(modeOf(`${path}/${name}/body`), 0o640);
    assert.equal(modeOf(`${path}/00000000`), 0o750);
  }
});

/** Delivers all messages, and is killed once it has delivered message `killAt`. */
async function runUntil(site: Site, killAt: number): Promise<void> {
  const { success } = await runProgram(
    delivererArgs(site.path, site.ledger, COUNT),
    (line) => Number(line) >= killAt,
  );
  assert.equal(success, killAt === Infinity);
}

function delivererArgs(path: string, ledger: string, count: number): string[] {
  return [
    "--allow-read",
    "--allow-write",
    DELIVER,
    path,
    ledger,
    String(count),
  ];
}

interface Site {
  readonly root: string;
  readonly path: string;
  readonly ledger: string;
}

async function makeSite(): Promise<Site & AsyncDisposable> {
  const root = await Deno.makeTempDir();
  return {
    root,
    path: `${root}/incoming`,
    ledger: `${root}/ledger`,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}
