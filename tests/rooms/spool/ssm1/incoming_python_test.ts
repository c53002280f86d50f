import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Ssm1Incoming } from "../../../../lib/spool/mod.ts";
import { testWith } from "../../../peers/parts.ts";
import { startPython } from "../../../peers/python_dirq.ts";
import { bodiesIn, visibleIn } from "./ssm1_site.ts";

const SIGNER = "/C=UK/O=eScience/CN=x";

/** What SSM1's Python original does with these directories, step by step. */
const ORIGINAL = `
import glob, hashlib, tempfile
count = 0

def entry(body):
    return os.path.join(path, "ack", hashlib.md5(body.encode()).hexdigest())

def store(body, dn):
    global count
    count += 1
    if os.path.exists(entry(body)):
        return None
    msg_id = time.strftime("%Y%m%d-%H%M%S-") + str(count % 1000).zfill(3)
    target = os.path.join(path, "incoming", msg_id)
    with open(entry(body), "w") as ack:
        ack.write("%s\\t%s\\n" % (target, dn))
    fd, temp = tempfile.mkstemp(prefix=".tmp", dir=os.path.join(path, "incoming"))
    with os.fdopen(fd, "w") as out:
        out.write(body)
    os.rename(temp, target)
    with open(target + ".sig", "w") as sig:
        sig.write(dn + "\\n")
    return msg_id

def reack(body):
    if os.path.exists(entry(body)):
        os.remove(entry(body))
        return True
    return False

def consume():
    got = []
    for name in sorted(glob.glob(os.path.join(path, "incoming", "*"))):
        if name.endswith(".sig"):
            continue
        with open(name) as body, open(name + ".sig") as sig:
            got.append([body.read(), sig.read()])
        os.remove(name)
        os.remove(name + ".sig")
    return got
`;
import { temporaryDirectory } from "../../../kit/disk/directories.ts";

testWith(
  ["python3-dirq"],
  "Ssm1Incoming knows and forgets what the original stored, and adds to it",
  async () => {
    await using site = await temporaryDirectory();
    const spool = await Ssm1Incoming.open(site.path);
    const ids = await startPython<string[]>(
      `${ORIGINAL}
print(json.dumps([store("one", "${SIGNER}"), store("two", "${SIGNER}")]))`,
      site.path,
    );
    assert.equal(await deliver(spool, "one"), undefined);
    assert.equal(await deliver(spool, "two"), undefined);
    const third = await deliver(spool, "three");
    const bodies = [...ids, third!].sort();
    assert.deepEqual(bodiesIn(`${site.path}/incoming`), bodies);
    assert.equal(await spool.forget(md5Of("one")), true);
    const again = await deliver(spool, "one");
    await spool.tidy();
    assert.deepEqual(
      bodiesIn(`${site.path}/incoming`),
      [...bodies, again!].sort(),
    );
  },
);

testWith(
  ["python3-dirq"],
  "Ssm1Incoming leaves directories that the original goes on with",
  async () => {
    await using site = await temporaryDirectory();
    const spool = await Ssm1Incoming.open(site.path);
    await deliver(spool, "one");
    await deliver(spool, "two");
    const answers = await startPython(
      `${ORIGINAL}
print(json.dumps([
    open(entry("one")).read().split("\\t")[1],
    store("one", "${SIGNER}"),
    consume(),
    reack("one"), reack("one"),
    store("two", "${SIGNER}"),
    store("one", "${SIGNER}") is not None,
    consume(),
]))`,
      site.path,
    );
    const [one, two] = ["one", "two"].map((body) => [body, `${SIGNER}\n`]);
    assert.deepEqual(answers, [
      `${SIGNER}\n`,
      null,
      [one, two],
      true,
      false,
      null,
      true,
      [one],
    ]);
    const entries = visibleIn(`${site.path}/ack`);
    assert.deepEqual(entries, ["one", "two"].map(md5Of).sort());
  },
);

testWith(
  ["python3-dirq"],
  "Ssm1Incoming hides from a consumer of the original what is not complete",
  async () => {
    await using site = await temporaryDirectory();
    const spool = await Ssm1Incoming.open(site.path);
    const fields = { body: "x", signer: SIGNER };
    const prepared = await spool.prepare({ key: "any", fields });
    const program = `${ORIGINAL}
print(json.dumps(consume()))`;
    assert.deepEqual(await startPython(program, site.path), []);
    await prepared!.commit();
    assert.deepEqual(
      await startPython(program, site.path),
      [["x", `${SIGNER}\n`]],
    );
  },
);

async function deliver(
  spool: Ssm1Incoming,
  body: string,
): Promise<string | undefined> {
  const prepared = await spool.prepare({
    key: "any",
    fields: { body, signer: SIGNER },
  });
  return await prepared?.commit();
}

function md5Of(body: string): string {
  return createHash("md5").update(body).digest("hex");
}
