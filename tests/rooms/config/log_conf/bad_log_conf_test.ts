import assert from "node:assert/strict";
import { type LoggingConfig, readLogConf } from "../../../../lib/config/mod.ts";
import { SURROUNDINGS } from "../files/made_files.ts";
import {
  DEFAULT,
  FORMATTER,
  logConf,
  logConfFile,
  ROOT,
} from "./made_log_confs.ts";

const NOTHING_KNOWN =
  "Nothing is known from F of where the log goes: it goes to standard output, at INFO";

const one = (kind: string, args: string, level = "INFO") =>
  logConf(`${ROOT}level=INFO`, { file: [kind, args, level] });

const classAt =
  'Cannot follow "class" in section [handler_file] of F, line 9: ';
const argsAt = 'Cannot follow "args" in section [handler_file] of F, line 10: ';
const notAPath = `${argsAt}it does not begin with the path of a file in quotes`;

/** A file, what is read from it in spite of all, and the warnings. */
const ODD: [
  name: string,
  text: string,
  expected: Partial<LoggingConfig>,
  warnings: string[],
][] = [
  ["an empty file", "", {}, [NOTHING_KNOWN]],
  ["a file without loggers", FORMATTER, {}, [NOTHING_KNOWN]],
  [
    "a file that is none",
    "hello\n",
    {},
    [
      'Cannot use F, line 1: "hello" comes before the first [section]',
      NOTHING_KNOWN,
    ],
  ],
  [
    "a class that ssm has not",
    one("handlers.SysLogHandler", "(('localhost', 514),)"),
    {},
    [
      `${classAt}"handlers.SysLogHandler" is none of those that ssm has`,
      NOTHING_KNOWN,
    ],
  ],
  [
    "a handler without a section",
    "[logger_root]\nhandlers=gone\n",
    {},
    [
      'Cannot follow "class" in section [handler_gone] of F: there is no such section',
      NOTHING_KNOWN,
    ],
  ],
  [
    "a rotating file",
    one("handlers.RotatingFileHandler", "('/l', 'a', 10*1024*1024, 5)"),
    { logfile: "/l", console: false },
    [
      `${classAt}ssm does not rotate its log; let logrotate do it, and send SIGHUP`,
    ],
  ],
  [
    "a file that is begun anew",
    one("FileHandler", "('/l', 'w')"),
    { logfile: "/l", console: false },
    [`${argsAt}lines are always appended to the file`],
  ],
  [
    "variables",
    one("FileHandler", "('$SSM_HOME/${NOBODY}/$host.log',)"),
    { logfile: "/opt/apel/ssm/${NOBODY}/site.log", console: false },
    [`${argsAt}the variable \${NOBODY} is unknown`],
  ],
  ...[
    "(os.environ['SSM_HOME'] + '/l',)",
    "('/a' '/b',)",
    "('/a' + '/b', 'a')",
    "('/a\\n', 'a')",
    "(r'\\a', 'a')",
    "('/a, 'a')",
    "('/a'",
    "('/a'))",
    "(('/a',),)",
    "(,'/a')",
    "()",
    "'/a'",
    "",
    "(5,)",
    "(b'/a',)",
    "('''/a''',)",
    "(__import__('os').system('exit 1'),)",
  ].map((args): typeof ODD[number] => [
    `the arguments ${args}`,
    one("FileHandler", args),
    {},
    [notAPath, NOTHING_KNOWN],
  ]),
  [
    "an empty path",
    one("FileHandler", "('',)"),
    {},
    [`${argsAt}the path is empty`, NOTHING_KNOWN],
  ],
  [
    "escaped quotes and raw strings",
    one("FileHandler", `("/it\\'s\\\\", r'a')`),
    { logfile: "/it's\\", console: false },
    [],
  ],
  [
    "a stream that is not the console",
    one("StreamHandler", "(open('/x'),)"),
    {},
    [`${argsAt}"open('/x')" is no stream that ssm has`, NOTHING_KNOWN],
  ],
  [
    "a level that is none",
    one("StreamHandler", "()", "LOUD"),
    {},
    [
      'Cannot follow "level" in section [handler_file] of F, line 12: "LOUD" is no level',
    ],
  ],
  [
    "another form of lines",
    one("StreamHandler", "()").replace(/format=.*/, "format=%(message)s"),
    {},
    [
      'Cannot follow "format" in section [formatter_plain] of F, line 17: log lines have the form of the original',
    ],
  ],
  [
    "another form of dates",
    `${one("StreamHandler", "()")}datefmt=%H:%M\n`,
    {},
    [
      'Cannot follow "datefmt" in section [formatter_plain] of F, line 18: log lines have the form of the original',
    ],
  ],
  [
    "a reference to nothing",
    one("FileHandler", "('%(dir)s/l',)"),
    {},
    [
      'Cannot use "args" in section [handler_file] of F, line 10: %(dir)s refers to nothing',
      notAPath,
      NOTHING_KNOWN,
    ],
  ],
  [
    "a comment behind a value",
    one("FileHandler", "('/l',) ; the log"),
    { logfile: "/l", console: false },
    [
      'Comment behind the value of "args" in section [handler_file] of F, line 10: it is left out',
    ],
  ],
  [
    "handlers of different levels",
    logConf("[logger_root]\nlevel=INFO\nhandlers=file,console", {
      file: ["FileHandler", "('/l',)", "DEBUG"],
      console: ["StreamHandler", "()", "ERROR"],
    }),
    { logfile: "/l", console: true, level: "INFO" },
    ["The handlers in F have different levels: all get INFO"],
  ],
  [
    "two files",
    logConf("[logger_root]\nlevel=INFO\nhandlers=a,b", {
      a: ["FileHandler", "('/a',)"],
      b: ["FileHandler", "('/b',)"],
    }),
    { logfile: "/a", console: false },
    ["There is more than one log file in F: /b is left out"],
  ],
];

for (const [name, text, expected, warnings] of ODD) {
  Deno.test(`readLogConf() makes the best of ${name}`, async () => {
    await using file = await logConfFile(text);
    const found = await file.read();
    assert.deepEqual(
      found.warnings.map((warning) => warning.replaceAll(file.path, "F")),
      warnings,
    );
    assert.deepEqual(found.config, { ...DEFAULT, ...expected });
  });
}

Deno.test("readLogConf() refuses a file that cannot be read", async () => {
  await using file = await logConfFile("");
  await assert.rejects(() => readLogConf(`${file.path}.gone`, SURROUNDINGS), {
    code: "CONFIG",
    message: `Cannot use ${file.path}.gone: no such file`,
  });
  await assert.rejects(() => readLogConf(file.directory, SURROUNDINGS), {
    code: "CONFIG",
  });
  await Deno.writeFile(file.path, new Uint8Array([0xff]));
  await assert.rejects(() => file.read(), {
    code: "CONFIG",
    message: `Cannot use ${file.path}: not UTF-8 text`,
  });
});
