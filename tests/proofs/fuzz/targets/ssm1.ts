/**
 * What only SSM1 has: packed files, and a file that says where the log goes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { readLogConf } from "../../../../lib/config/log_conf/log_conf.ts";
import { encodeBase64 } from "../../../../lib/smime/mod.ts";
import { pack, unpack } from "../../../../lib/ssm/ssm1/packing.ts";
import { outcomeOf, valueOf } from "../outcome.ts";
import type { Target } from "../target.ts";

const encoder = new TextEncoder();
const MAX_BYTES = 100_000;

const PACKED: Target = {
  name: "packed",
  samples: [
    new Uint8Array(),
    encoder.encode("APEL-individual-job-message: v0.3\n".repeat(20)),
    new Uint8Array(MAX_BYTES),
  ].map((content) => new Uint8Array(deflateSync(content))),
  words: ["\x78\x9c", "\0\0\xff\xff", "\x03\0", "\0\0\0\0"],
  async check(input) {
    const unpacked = valueOf(
      await outcomeOf(
        ["MIME", "LIMIT"],
        () => unpack(encodeBase64(input, 76), MAX_BYTES),
      ),
    );
    if (!unpacked) return;
    assert.ok(unpacked.length <= MAX_BYTES, "it is larger than the limit");
    assert.deepEqual(await unpack(await pack(unpacked), MAX_BYTES), unpacked);
  },
};

const LOG_CONF: Target = {
  name: "log-conf",
  samples: [
    "[loggers]\nkeys=root,ssm\n[handlers]\nkeys=file,screen\n" +
    "[formatters]\nkeys=plain\n[logger_root]\nlevel=WARN\nhandlers=screen\n" +
    "[logger_ssm]\nqualname=SSM\nlevel=DEBUG\nhandlers=file\npropagate=0\n" +
    "[handler_file]\nclass=FileHandler\nargs=('/var/log/ssm.log', 'a')\n" +
    "[handler_screen]\nclass=StreamHandler\nlevel=INFO\nargs=(sys.stdout,)\n" +
    "[formatter_plain]\nformat=%(asctime)s - %(message)s\n",
    "[loggers]\nkeys=root\n[logger_root]\nlevel=INFO\nhandlers=h\n" +
    "[handler_h]\nclass=handlers.RotatingFileHandler\n" +
    "args=('$HOME/log', 'a', 100*1024, 5)\n",
  ].map((text) => encoder.encode(text)),
  words: [
    ...["(", ")", "'", '"', ",", "\\", "\\x00", "%(", ")s", "$", "${", "sys."],
    ...["class=", "args=", "[handler_h]\n", "level=", "\n", "\0", "='''"],
  ],
  async check(input) {
    const file = await Deno.makeTempFile({ prefix: "fuzz-" });
    try {
      await Deno.writeFile(file, input);
      const loaded = valueOf(
        await outcomeOf(["CONFIG"], () => readLogConf(file, SURROUNDINGS)),
      );
      if (!loaded) return;
      const { config: { logfile }, warnings } = loaded;
      assert.ok(!logfile?.includes("\0"), "a NUL in a path");
      assert.ok((logfile?.length ?? 0) <= 1 << 21, "a path grows");
      assert.ok(warnings.length <= input.length + 10, "too many warnings");
    } finally {
      await Deno.remove(file);
    }
  },
};

const SURROUNDINGS = { host: "host", pid: 1, variable: () => "/home/ssm" };

export const SSM1_TARGETS: readonly Target[] = [PACKED, LOG_CONF];
