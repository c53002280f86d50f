/**
 * Who takes messages out of incoming while all others die: programs in Python.
 *
 * @module
 */
import { startPython } from "../../../peers/python_dirq.ts";

/** A message as it came out of incoming. */
export interface Arrival {
  /** The sender's name for it, or its digest where names do not travel. */
  readonly id: string;
  /** Of the body: SHA-256, in hexadecimal. */
  readonly digest: string;
  readonly signer: string;
}

/** The beginning of the programs: whether the end has come. */
const PRELUDE = `
import hashlib
stop, limit = sys.argv[2], time.time() + float(sys.argv[3])
every, taken, kept = int(sys.argv[4]), [], set()
def over():
    return os.path.exists(stop) or time.time() > limit
`;

/** Takes messages from a dirq Queue. */
export const DIRQ_CONSUMER = `${PRELUDE}
queue = Queue(path, schema={"body": "binary", "signer": "string", "empaid": "string"})
while not over():
    name = queue.first()
    while name:
        if name not in kept and queue.lock(name):
            fields = queue.get(name)
            digest = hashlib.sha256(fields["body"]).hexdigest()
            if int(digest[:8], 16) % every:
                taken.append({"id": fields["empaid"], "digest": digest, "signer": fields["signer"]})
                queue.remove(name)
            else:
                kept.add(name)
                queue.unlock(name)
        name = queue.next()
    queue.purge()
    time.sleep(0.05)
print(json.dumps(taken))
`;

/** Takes messages as a loader of SSM1 does: body and signer, once both are there. */
export const LOADER = `${PRELUDE}
while not over():
    for name in sorted(os.listdir(path)):
        body = os.path.join(path, name[:-4])
        if name.startswith(".") or not name.endswith(".sig") or name in kept:
            continue
        digest = hashlib.sha256(open(body, "rb").read()).hexdigest()
        if int(digest[:8], 16) % every:
            signer = open(body + ".sig").read().rstrip("\\n")
            taken.append({"id": digest, "digest": digest, "signer": signer})
            os.remove(body)
            os.remove(body + ".sig")
        else:
            kept.add(name)
    time.sleep(0.05)
print(json.dumps(taken))
`;

/** Where a {@linkcode Consumer} takes from, and until when. */
export interface ConsumerOptions {
  /** It must exist. */
  readonly path: string;
  /** Made to say that it is over. */
  readonly stopFile: string;
  readonly limitMs: number;
  /** One of so many messages stays where it is. @default 2 */
  readonly leaveOneIn?: number;
}

/** Takes some of what arrives, until it is told to stop. */
export class Consumer implements AsyncDisposable {
  readonly #stopFile: string;
  readonly #taken: Promise<Arrival[]>;

  constructor(
    program: string,
    { path, stopFile, limitMs, leaveOneIn = 2 }: ConsumerOptions,
  ) {
    this.#stopFile = stopFile;
    this.#taken = startPython<Arrival[]>(
      program,
      path,
      stopFile,
      `${limitMs / 1000}`,
      `${leaveOneIn}`,
    );
    // Heard of when it is asked for.
    this.#taken.catch(() => {});
  }

  /** Ends it; everything that it has taken. */
  async stop(): Promise<Arrival[]> {
    await Deno.writeTextFile(this.#stopFile, "");
    return await this.#taken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => {});
  }
}
