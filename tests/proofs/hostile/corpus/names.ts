/**
 * Names: DNs that look like others, or do something to whoever prints them.
 *
 * @module
 */
import { der } from "../../../../lib/asn1/mod.ts";
import {
  type CraftedAttribute,
  craftName,
} from "../../../kit/pki/craft_certificate.ts";
import {
  CERTIFICATE,
  type Chapter,
  clear,
  type HostileMessage,
  UNVERIFIED,
} from "../message.ts";
import { dnOf, HOST_EXTENSIONS, nameOf } from "../site.ts";

const UTF8 = 0x0c;
const PRINTABLE = 0x13;
const OCTETS = 0x04;
const CN = "2.5.4.3";

const PREFIX: readonly (readonly CraftedAttribute[])[] = [
  [["2.5.4.6", PRINTABLE, "UK"]],
  [["2.5.4.10", UTF8, "Hostile"]],
];

/** A certificate of a real authority, careless in this, for a subject of these RDNs. */
function named(
  name: string,
  rdns: readonly (readonly CraftedAttribute[])[],
  verdict: Pick<HostileMessage, "error" | "signer">,
): HostileMessage {
  return {
    name,
    ...verdict,
    make: (site) => clear(site.issue(craftName(...rdns))),
  };
}

function commonName(
  name: string,
  value: string | Uint8Array,
  verdict: Pick<HostileMessage, "error" | "signer">,
): HostileMessage {
  return named(name, [...PREFIX, [[CN, UTF8, value]]], verdict);
}

/** Refused for its text, which is shown like this. */
function misread(shown: string) {
  const signer = dnOf(shown);
  return { error: `Signer has a DN that can be misread: ${signer}`, signer };
}

/** Just another name. */
function stranger(shown: string) {
  const signer = dnOf(shown);
  return { error: `Signer not in valid DNs list: ${signer}`, signer };
}

export const NAMES: Chapter = {
  title: "tricks with DNs",
  messages: [
    commonName(
      "a NUL behind a listed name",
      "honest\0.evil",
      misread("honest\\x00.evil"),
    ),
    commonName("a NUL at the end", "honest\0", misread("honest\\x00")),
    commonName(
      "a line end and a log line",
      "x\n2026-11-20 09:16:29,086 - ssm - INFO - forged",
      misread("x\\x0A2026-11-20 09:16:29,086 - ssm - INFO - forged"),
    ),
    commonName("a carriage return", "honest\r", misread("honest\\x0D")),
    commonName(
      "an escape sequence of a terminal",
      "\x1b[2J\x1b]0;x\x07honest",
      misread("\\x1B[2J\\x1B]0;x\\x07honest"),
    ),
    commonName(
      "an eight-bit control",
      "\u009b2Jhonest",
      misread("\\xC2\\x9B2Jhonest"),
    ),
    commonName(
      "a text that runs backwards",
      "\u202etsenoh",
      misread("\\xE2\\x80\\xAEtsenoh"),
    ),
    commonName(
      "an invisible character",
      "hon\u200best",
      misread("hon\\xE2\\x80\\x8Best"),
    ),
    commonName(
      "a slash and another attribute",
      "x/CN=honest",
      misread("x/CN=honest"),
    ),
    named(
      "a whole listed name inside of one attribute",
      [[["2.5.4.6", PRINTABLE, "UK/O=Hostile/CN=honest"]]],
      {
        error: `Signer has a DN that can be misread: ${dnOf("honest")}`,
        signer: dnOf("honest"),
      },
    ),
    commonName(
      "a plus and another attribute",
      "honest+UID=root",
      misread("honest+UID=root"),
    ),
    commonName(
      "what looks like an escape",
      "\\x68onest",
      misread("\\x68onest"),
    ),
    commonName(
      "a letter of another alphabet",
      "h\u043enest",
      stranger("h\u043enest"),
    ),
    commonName("letters of another case", "HONEST", stranger("HONEST")),
    commonName("a blank in front", " honest", stranger(" honest")),
    commonName("a blank at the end", "honest ", stranger("honest ")),
    commonName("a full-width letter", "\uff48onest", stranger("\uff48onest")),
    commonName(
      "the composed form of another",
      "hone\u0301st",
      stranger("hone\u0301st"),
    ),
    commonName(
      "a value that is no text",
      Uint8Array.of(0x68, 0xff, 0xfe),
      misread("h\\xFF\\xFE"),
    ),
    named("a value of a type that is no text", [...PREFIX, [[
      CN,
      OCTETS,
      "honest",
    ]]], misread("honest")),
    named(
      "the attributes in another order",
      [[[CN, UTF8, "honest"]], ...PREFIX],
      {
        error: "Signer not in valid DNs list: /CN=honest/C=UK/O=Hostile",
        signer: "/CN=honest/C=UK/O=Hostile",
      },
    ),
    named(
      "an attribute more",
      [...PREFIX, [[CN, UTF8, "honest"]], [[CN, UTF8, "proxy"]]],
      stranger("honest/CN=proxy"),
    ),
    named("an attribute that nobody knows", [...PREFIX, [[
      "1.2.3",
      UTF8,
      "honest",
    ]]], {
      error: "Signer not in valid DNs list: /C=UK/O=Hostile/UNDEF=honest",
      signer: "/C=UK/O=Hostile/UNDEF=honest",
    }),
    named("no name at all", [], {
      error: "Signer has a DN that can be misread: ",
      signer: "",
    }),
    named("a relative name of nothing", [...PREFIX, []], {
      error: "Signer has a DN that can be misread: /C=UK/O=Hostile",
      signer: "/C=UK/O=Hostile",
    }),
    named(
      "the same name in another string type",
      [[["2.5.4.6", UTF8, "UK"]], [["2.5.4.10", PRINTABLE, "Hostile"]], [
        [CN, PRINTABLE, "honest"],
      ]],
      {},
    ),
    {
      name: "a name of 100 KB with line ends",
      error: new RegExp(
        `^${CERTIFICATE}Cannot read ASN\\.1 data: name has 1000\\d\\d bytes, at most 16384 are allowed$`,
      ),
      make: async (site) => {
        const forger = site.authority(nameOf("honest"));
        const name = craftName([[CN, UTF8, "x\n".repeat(50_000)]]);
        return await clear(forger, {
          certificates: [
            der.sequence(
              der.sequence(
                der.context(0, der.integer(2)),
                der.integer(1),
                der.sequence(der.oid("1.2.3")),
                name,
              ),
              der.sequence(der.oid("1.2.3")),
              der.bitString(new Uint8Array(8)),
            ),
          ],
        });
      },
    },
    {
      name: "a stranger of a hostile name",
      error:
        `${UNVERIFIED}self-signed certificate /CN=x\\x0Aforged\\x1B[31m is not in the CA directory`,
      make: (site) =>
        clear(
          site.authority(craftName([[CN, UTF8, "x\nforged\x1b[31m"]]), {
            extensions: HOST_EXTENSIONS,
          }),
        ),
    },
  ],
};
