import assert from "node:assert/strict";
import { parseCertificate } from "../../../../lib/pki/certificate/certificate.ts";
import type { NameConstraints } from "../../../../lib/pki/certificate/extensions.ts";
import { isForHost } from "../../../../lib/pki/certificate/host_name.ts";
import { TAG } from "../../../../lib/asn1/read.ts";
import * as der from "../../../../lib/asn1/write.ts";
import { violatedConstraint } from "../../../../lib/pki/path/name_constraints.ts";
import {
  craftCertificate,
  craftCommonName,
  craftExtension,
  craftName,
} from "../../../kit/pki/craft_certificate.ts";
import {
  CA_EXTENSIONS,
  HOST_EXTENSIONS,
} from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";
import {
  agrees,
  assertVerdict,
  ChainSite,
  decides,
} from "../../../kit/pki/chain_site.ts";

const HOST = "/C=UK/O=Test/CN=host.example.org";
const NOT_PERMITTED = /has a name that its authority does not permit/;
const EXCLUDED = /has a name that its authority excludes/;

type Case = readonly [
  constraints: string,
  altName: string | undefined,
  expected: true | RegExp,
  subject?: string,
];

const CASES: readonly Case[] = [
  ["permitted;DNS:example.org", "DNS:host.example.org", true],
  ["permitted;DNS:example.org", "DNS:example.org", true],
  ["permitted;DNS:example.org", "DNS:HOST.Example.ORG", true],
  ["permitted;DNS:example.org", "DNS:hostexample.org", NOT_PERMITTED],
  ["permitted;DNS:example.org", "DNS:example.com", NOT_PERMITTED],
  ["permitted;DNS:example.org", "DNS:a.example.org,DNS:b.com", NOT_PERMITTED],
  ["permitted;DNS:.example.org", "DNS:a.example.org", true],
  ["permitted;DNS:.example.org", "DNS:example.org", NOT_PERMITTED],
  ["permitted;DNS:a.org,permitted;DNS:b.org", "DNS:x.b.org", true],
  ["permitted;DNS:example.org", "URI:http://other.com/", true],
  ["permitted;DNS:example.org", undefined, true],
  ["permitted;DNS:example.com", undefined, NOT_PERMITTED],
  ["permitted;DNS:example.com", undefined, true, "/CN=not a host"],
  ["excluded;DNS:example.com", "DNS:host.example.org", true],
  ["excluded;DNS:example.org", "DNS:host.example.org", EXCLUDED],
  ["excluded;DNS:example.org", undefined, EXCLUDED],
  [
    "permitted;DNS:example.org,excluded;DNS:bad.example.org",
    "DNS:x.bad.example.org",
    EXCLUDED,
  ],
  ["permitted;email:example.org", "email:a@example.org", true],
  ["permitted;email:example.org", "email:a@EXAMPLE.org", true],
  ["permitted;email:example.org", "email:a@sub.example.org", NOT_PERMITTED],
  ["permitted;email:.example.org", "email:a@sub.example.org", true],
  ["permitted;email:.example.org", "email:a@example.org", NOT_PERMITTED],
  ["permitted;email:a@example.org", "email:a@example.org", true],
  ["permitted;email:a@example.org", "email:A@example.org", NOT_PERMITTED],
  ["permitted;email:a@example.org", "email:b@example.org", NOT_PERMITTED],
  [
    "permitted;email:example.org",
    undefined,
    NOT_PERMITTED,
    "/CN=x/emailAddress=a@b.com",
  ],
  ["permitted;IP:10.0.0.0/255.0.0.0", "IP:10.1.2.3", true],
  ["permitted;IP:10.0.0.0/255.0.0.0", "IP:11.1.2.3", NOT_PERMITTED],
  ["permitted;IP:10.0.0.0/255.0.0.0", "IP:2001:db8::1", NOT_PERMITTED],
  ["permitted;IP:2001:db8::/ffff:ffff::", "IP:2001:db8::1", true],
  ["excluded;IP:10.0.0.0/255.255.0.0", "IP:10.0.9.9", EXCLUDED],
  ["permitted;URI:example.org", "URI:http://example.org/x", true],
  ["permitted;URI:example.org", "URI:http://example.org:80/", true],
  ["permitted;URI:example.org", "URI:http://a.example.org/", NOT_PERMITTED],
  ["permitted;URI:.example.org", "URI:http://a.example.org/", true],
  ["excluded;URI:example.org", "URI:http://example.org", EXCLUDED],
  ["permitted;dirName:dn", "DNS:host.example.org", true],
  ["permitted;dirName:dn", undefined, NOT_PERMITTED, "/C=UK/CN=x"],
  ["excluded;dirName:dn", undefined, EXCLUDED, "/C=uk/O=TEST/CN=y z"],
  ["excluded;dirName:dn", undefined, true, "/C=UK/O=Tester/CN=x"],
  ["permitted;RID:1.2.3", "DNS:host.example.org", true],
  [
    "permitted;RID:1.2.3",
    "RID:1.2.3",
    /has a name of a form that is constrained/,
  ],
];

for (const [constraints, altName, expected, subject = HOST] of CASES) {
  agrees(
    `${constraints} for ${altName ?? subject}`,
    expected,
    async (site) => {
      const root = await site.root();
      const middle = await root.intermediate({
        subject: "/C=UK/O=Test/CN=Middle",
        extensions: [
          ...CA_EXTENSIONS,
          `nameConstraints=critical,${constraints}`,
          ...["[dn]", "C=UK", "O=Test"],
        ],
      });
      const leaf = await middle.issue({
        subject,
        extensions: [
          "basicConstraints=CA:FALSE",
          ...(altName ? [`subjectAltName=${altName}`] : []),
        ],
      });
      return {
        leaf: leaf.certificatePem,
        sent: [middle.credentials.certificatePem],
        directory: [root.credentials.certificatePem],
      };
    },
  );
}

agrees("constraints of the root bind the leaf", NOT_PERMITTED, async (site) => {
  const root = await site.root({
    extensions: [...CA_EXTENSIONS, "nameConstraints=permitted;DNS:example.com"],
  });
  const middle = await root.intermediate({ subject: "/CN=Middle" });
  const leaf = await middle.issue({
    subject: HOST,
    extensions: HOST_EXTENSIONS,
  });
  return {
    leaf: leaf.certificatePem,
    sent: [middle.credentials.certificatePem],
    directory: [root.credentials.certificatePem],
  };
});

agrees("constraints bind authorities below", NOT_PERMITTED, async (site) => {
  const root = await site.root({
    extensions: [
      ...CA_EXTENSIONS,
      "nameConstraints=permitted;dirName:dn",
      ...["[dn]", "O=Test"],
    ],
  });
  const middle = await root.intermediate({ subject: "/CN=Middle" });
  const leaf = await middle.issue({ subject: "/O=Test/CN=x" });
  return {
    leaf: leaf.certificatePem,
    sent: [middle.credentials.certificatePem],
    directory: [root.credentials.certificatePem],
  };
});

testWith(
  ["openssl"],
  "verifyChain() refuses a wildcard that covers an excluded host",
  async () => {
    await using site = await ChainSite.create();
    const root = await site.root({
      extensions: [
        ...CA_EXTENSIONS,
        "nameConstraints=excluded;DNS:secret.example.org",
      ],
    });
    const issue = async (name: string) => ({
      leaf: (await root.issue({
        subject: "/CN=x",
        extensions: [`subjectAltName=DNS:${name}`],
      })).certificatePem,
      directory: [root.credentials.certificatePem],
    });
    // openssl lets the first one pass.
    assertVerdict(await site.ask(await issue("*.example.org")), EXCLUDED);
    assertVerdict(await site.ask(await issue("*.example.com")), true);
  },
);

for (
  const [purpose, expected] of [["any", true], [
    "serverAuth",
    NOT_PERMITTED,
  ]] as const
) {
  decides(`one word for purpose ${purpose}`, expected, async (site) => {
    const root = await site.root({
      extensions: [...CA_EXTENSIONS, "nameConstraints=permitted;DNS:good.org"],
    });
    const host = await root.issue({
      subject: "/CN=localhost",
      extensions: ["basicConstraints=CA:FALSE"],
    });
    return {
      leaf: host.certificatePem,
      directory: [root.credentials.certificatePem],
      purpose,
    };
  });
}

const dnsName = (text: string) =>
  der.contextPrimitive(2, new TextEncoder().encode(text));

/** The constraints that a certificate with such a NameConstraints states. */
function constraintsOf(...members: Uint8Array[]): NameConstraints {
  return parseCertificate(craftCertificate({
    extensions: [craftExtension("2.5.29.30", der.sequence(...members))],
  })).extensions.nameConstraints!;
}

const dnsTree = (base: string) => der.sequence(dnsName(base));
const mailTree = (base: string) =>
  der.sequence(der.contextPrimitive(1, new TextEncoder().encode(base)));

/** Ways to write a host of somebody else so that one check might miss it. */
const WRITTEN = [
  "broker.evil.com",
  "BROKER.EVIL.COM",
  "broker.evil.com.",
  "broker.evil.com..",
  "*.evil.com",
  "*.evil.com.",
  "*.EVIL.com",
  "bro\u212Aer.evil.com",
  "broker.evil.com.good.org.",
  "broker",
  "broker.",
  "BRO\u212AER",
  ".evil.com",
  "broker_1.evil.com",
  " broker.evil.com",
  "broker.evil.com\0.good.org",
];
const DIALLED = [
  "broker.evil.com",
  "Broker.Evil.com.",
  "bro\u212Aer.evil.com",
  "broker",
  "BROKER",
  "broker_1.evil.com",
];

Deno.test("isForHost() accepts no name that the constraints of an authority let pass", () => {
  const limited = constraintsOf(der.context(0, dnsTree("good.org")));
  const barred = constraintsOf(
    der.context(1, dnsTree("Evil.Com."), dnsTree("broker")),
  );
  let accepted = 0;
  for (const name of WRITTEN) {
    for (
      const certificate of [
        craftCertificate({ subject: craftCommonName(name) }),
        craftCertificate({
          extensions: [
            craftExtension("2.5.29.17", der.sequence(dnsName(name))),
          ],
        }),
      ].map(parseCertificate)
    ) {
      for (const host of DIALLED) {
        if (!isForHost(certificate, host)) continue;
        accepted++;
        for (const constraints of [limited, barred]) {
          assert.ok(
            violatedConstraint(certificate, constraints, {
              commonNames: "all",
            }),
            `${JSON.stringify(name)} for ${host}`,
          );
        }
      }
    }
  }
  assert.ok(accepted >= 12, `${accepted} were accepted`);
});

Deno.test("violatedConstraint() compares hosts without the last dot and ASCII letters alone", () => {
  const violates = (
    constraints: NameConstraints,
    subject: Uint8Array,
    commonNames: "all" | "dotted" | "none" = "dotted",
  ) =>
    violatedConstraint(
      parseCertificate(craftCertificate({ subject })),
      constraints,
      { commonNames },
    ) !== undefined;
  const good = constraintsOf(der.context(0, dnsTree("good.org.")));
  assert.equal(violates(good, craftCommonName("a.GOOD.org")), false);
  assert.equal(violates(good, craftCommonName("a.good.org.")), false);
  assert.equal(violates(good, craftCommonName("a.evil.com.")), true);
  assert.equal(violates(good, craftCommonName("a.evil.com"), "none"), false);
  // One word may be a person's name, unless it is to be a server's.
  assert.equal(violates(good, craftCommonName("broker")), false);
  assert.equal(violates(good, craftCommonName("broker"), "all"), true);
  const nothing = constraintsOf(der.context(0, dnsTree(".")));
  assert.equal(violates(nothing, craftCommonName("a.evil.com")), true);
  const mail = constraintsOf(der.context(0, mailTree("broker.org")));
  const address = (text: string) =>
    craftName([["1.2.840.113549.1.9.1", TAG.utf8, text]]);
  assert.equal(violates(mail, address("a@BROKER.org")), false);
  assert.equal(violates(mail, address("a@bro\u212Aer.org")), true);
});

Deno.test("violatedConstraint() refuses a minimum and more comparisons than OpenSSL makes", () => {
  const issued = (names: string[]) =>
    parseCertificate(craftCertificate({
      extensions: [
        craftExtension("2.5.29.17", der.sequence(...names.map(dnsName))),
      ],
    }));
  const constrained = (...subtrees: Uint8Array[]) =>
    constraintsOf(der.context(0, ...subtrees));
  const options = { commonNames: "dotted" } as const;
  const one = dnsTree("example.org");
  const names = Array.from({ length: 1100 }, () => "a.example.org");
  assert.equal(
    violatedConstraint(issued(names), constrained(one), options),
    undefined,
  );
  assert.match(
    violatedConstraint(
      issued(names),
      constrained(...Array.from({ length: 1000 }, () => one)),
      options,
    )!,
    /too many names/,
  );
  const bounded = der.sequence(
    dnsName("example.org"),
    der.contextPrimitive(0, Uint8Array.of(1)),
  );
  assert.match(
    violatedConstraint(issued(["example.org"]), constrained(bounded), options)!,
    /minimum or maximum/,
  );
});
