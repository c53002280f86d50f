import assert from "node:assert/strict";
import type { LoggingConfig } from "../../../../lib/config/mod.ts";
import { testWith } from "../../../peers/parts.ts";
import { DEFAULT, logConf, logConfFile, ROOT } from "./made_log_confs.ts";
import { askPython } from "../../../peers/python_config.ts";

const SSM_AND_ROOT = `[loggers]
keys=root,ssm
[logger_root]
level=ERROR
handlers=console
[logger_ssm]
level=INFO
handlers=file
qualname=SSM`;

/** What it shows, the file, and what is read from it; `DIR` is a directory. */
const READABLE: [
  name: string,
  text: string,
  expected: Partial<LoggingConfig>,
][] = [
  [
    "both loggers are heard by their handlers, at the level of SSM",
    logConf(SSM_AND_ROOT, {
      file: ["FileHandler", "('DIR/ssm.log', 'a')"],
      console: ["StreamHandler", "(sys.stdout,)"],
    }),
    { logfile: "DIR/ssm.log", console: true, level: "INFO" },
  ],
  [
    "without propagation the handlers of root are not heard",
    logConf(`${SSM_AND_ROOT}\npropagate=0`, {
      file: ["FileHandler", "('DIR/ssm.log', 'a')"],
      console: ["StreamHandler", "(sys.stdout,)"],
    }),
    { logfile: "DIR/ssm.log", console: false, level: "INFO" },
  ],
  [
    "a logger without level has that of root",
    logConf(SSM_AND_ROOT.replace("level=INFO", "level=NOTSET"), {
      file: ["FileHandler", '("DIR/a b.log",)'],
      console: ["StreamHandler", "()"],
    }),
    { logfile: "DIR/a b.log", console: true, level: "ERROR" },
  ],
  [
    "root alone is enough, and its level is WARNING where it says none",
    logConf(ROOT, { file: ["FileHandler", "('DIR/ssm.log',)"] }),
    { logfile: "DIR/ssm.log", console: false, level: "WARNING" },
  ],
  [
    "NOTSET of root is everything",
    logConf(`${ROOT}level=NOTSET`, {
      file: ["FileHandler", "('DIR/ssm.log',)"],
    }),
    { logfile: "DIR/ssm.log", console: false, level: "DEBUG" },
  ],
  [
    "the level of the handler counts where it is stricter",
    logConf(`${ROOT}level=DEBUG`, {
      file: ["FileHandler", "('DIR/ssm.log',)", "CRITICAL"],
    }),
    { logfile: "DIR/ssm.log", console: false, level: "CRITICAL" },
  ],
  [
    "the level of the handler does not count where it is not",
    logConf(`${ROOT}level=WARN`, {
      file: ["FileHandler", "('DIR/ssm.log',)", "DEBUG"],
    }),
    { logfile: "DIR/ssm.log", console: false, level: "WARNING" },
  ],
  [
    "FATAL is CRITICAL",
    logConf(`${ROOT}level=FATAL`, { file: ["StreamHandler", "(sys.stderr,)"] }),
    { logfile: undefined, console: true, level: "CRITICAL" },
  ],
  [
    "names of classes may have logging in front, and references are replaced",
    logConf(
      `[DEFAULT]\ndir=DIR/x\n${ROOT}level=INFO`,
      { file: ["logging.FileHandler", "('%(dir)s/../ssm.log', )"] },
    ),
    { logfile: "DIR/ssm.log", console: false, level: "INFO" },
  ],
  [
    "loggers of other names are nobody's business",
    logConf(
      "[loggers]\nkeys = root , other\n[logger_root]\nlevel=INFO\nhandlers= file , file\n[logger_other]\nlevel=DEBUG\nhandlers=\nqualname=SSM.other",
      { file: ["handlers.WatchedFileHandler", "(\n  'DIR/ssm.log',\n  'a')"] },
    ),
    { logfile: "DIR/ssm.log", console: false, level: "INFO" },
  ],
];

for (const [name, text, expected] of READABLE) {
  for (const ends of ["LF", "CRLF"]) {
    Deno.test(`readLogConf(): ${name} (${ends})`, async () => {
      const whole = ends === "LF" ? text : text.replaceAll("\n", "\r\n");
      await using file = await logConfFile(whole);
      const { config, warnings } = await file.read();
      assert.deepEqual(warnings, []);
      assert.deepEqual(config, {
        ...DEFAULT,
        ...expected,
        logfile: expected.logfile?.replaceAll("DIR", file.directory),
      });
      assert.ok(Object.isFrozen(config));
    });
  }
}

const PYTHON = `
import json, logging, logging.config, logging.handlers, os, sys
found = []
for path in json.load(sys.stdin):
    logging.root.manager.loggerDict.clear()
    logging.root.setLevel(logging.WARNING)
    os.makedirs(os.path.join(os.path.dirname(path), "x"), exist_ok=True)
    logging.config.fileConfig(path)
    logger = logging.getLogger("SSM")
    level, handlers = logger.getEffectiveLevel(), []
    while logger is not None:
        handlers += [h for h in logger.handlers if h not in handlers]
        logger = logger.parent if logger.propagate else None
    files = [h.baseFilename for h in handlers if isinstance(h, logging.FileHandler)]
    found.append({
        "logfile": files[0] if files else None,
        "console": len(files) < len(handlers),
        "level": logging.getLevelName(max(10, level, min(h.level for h in handlers))),
    })
json.dump(found, sys.stdout)
`;

testWith(
  ["python3-dirq"],
  "readLogConf() finds the same file, console and level as Python",
  async () => {
    await using stack = new AsyncDisposableStack();
    const files = [];
    for (const [, text] of READABLE) {
      files.push(stack.use(await logConfFile(text)));
    }
    const paths = files.map(({ path }) => path);
    const theirs = await askPython(PYTHON, paths);
    const ours = await Promise.all(files.map(async (file) => {
      const { logfile = null, console, level } = (await file.read()).config;
      return { logfile, console, level };
    }));
    assert.deepEqual(ours, theirs);
  },
);
