import assert from "node:assert/strict";
import {
  optionsHelp,
  parsedOptions,
} from "../../../../lib/cli/command/options.ts";
import { type Key, STOMPSERVER_TABLES } from "../../../../lib/config/mod.ts";
import { ssm } from "../../../kit/programs/program.ts";

Deno.test("optionsHelp() shows options in groups, and breaks lines between words", () => {
  const long = "x".repeat(60);
  const help = optionsHelp({
    "Options": {
      "-c, --config FILE": "default: /etc/x",
      "--tls": `${"word ".repeat(14)}${long}`,
      "-h, --help": "",
    },
    "More": { "--certificate, --certfile FILE...": "ours" },
  });
  const space = " ".repeat(28);
  assert.equal(
    help,
    `Options:
  -c, --config FILE         default: /etc/x
      --tls                 word word word word word word word word word word
${space}word word word word
${space}${long}
  -h, --help

More:
      --certificate, --certfile FILE...
${space}ours
`,
  );
});

Deno.test("parsedOptions() reads what the help shows", () => {
  const { options, firstNames } = parsedOptions({
    "Options": { "-d, --dn_file FILE": "", "--user LOGIN...": "" },
    "More": { "--key, --keyfile FILE": "", "--tls": "" },
  });
  const text = { type: "string", multiple: false };
  assert.deepEqual(options, {
    "dn-file": { ...text, short: "d" },
    "user": { ...text, multiple: true },
    "key": text,
    "keyfile": text,
    "tls": { type: "boolean", multiple: false },
  });
  assert.equal(firstNames.get("keyfile"), "key");
});

Deno.test("ssm broker --help says of every key what its table says", async () => {
  const { stdout } = await ssm(["broker", "--help"]);
  const help = stdout.replace(/\s+/g, " ");
  const { stompserver, logging } = STOMPSERVER_TABLES;
  const keys: Key<unknown>[] = [...Object.values(stompserver), logging.level];
  for (const { name, doc, defaultText } of keys) {
    const option = `--${name.replaceAll("_", "-")}`;
    const fallback = defaultText === undefined || name === "proxy_protocol"
      ? ""
      : ` Default: ${defaultText}`;
    const [, , told = ""] = help.match(`( ${option}(?=[, ]))(.*)`) ?? [];
    assert.ok(told.includes(doc + fallback), option);
  }
});
