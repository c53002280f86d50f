import { createPrivateKey } from "node:crypto";
import * as der from "../../../../lib/asn1/write.ts";
import { parseCertificate } from "../../../../lib/pki/certificate/certificate.ts";
import {
  craftCrl,
  craftCrlEntry,
  craftExtension,
} from "../../../kit/pki/craft_certificate.ts";
import {
  CA_EXTENSIONS,
  type Credentials,
  pemBytes,
  type TestCa,
} from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";
import {
  agrees,
  assertVerdict,
  ChainSite,
  type MakeCrls,
  type Question,
  toPem,
  withCrls,
} from "../../../kit/pki/chain_site.ts";

const HOST = "/C=UK/CN=host.example.org";
const DAY_MS = 86_400_000;
const days = (n: number) => new Date(Date.now() + n * DAY_MS);
const pem = (ca: TestCa) => ca.credentials.certificatePem;

function agreesOnCrls(
  name: string,
  expected: true | RegExp,
  crls: MakeCrls,
  extensions?: readonly string[],
): void {
  agrees(name, expected, withCrls(crls, extensions));
}

agreesOnCrls("CRL without entries", true, async (root) => [await root.crl()]);

agreesOnCrls(
  "CRL missing",
  /no CRL of .*Root is in/,
  () => Promise.resolve([]),
);

agreesOnCrls("revoked", /host.example.org is revoked/, async (root, host) => [
  await root.crl({ revoke: [host] }),
]);

agreesOnCrls("another certificate revoked", true, async (root) => {
  const other = await root.issue({ subject: "/CN=other" });
  return [await root.crl({ revoke: [other] })];
});

agreesOnCrls("CRL expired", /CRL of .*Root has expired/, async (root) => [
  await root.crl({ thisUpdate: days(-9), nextUpdate: days(-1) }),
]);

agreesOnCrls("CRL of the future", /is not valid before/, async (root) => [
  await root.crl({ thisUpdate: days(1), nextUpdate: days(9) }),
]);

agreesOnCrls("expired CRL beside a valid one", true, async (root, host) => [
  await root.crl(),
  await root.crl({
    revoke: [host],
    thisUpdate: days(-9),
    nextUpdate: days(-1),
  }),
]);

agreesOnCrls(
  "newer CRL beside an older one, both valid",
  /is revoked/,
  async (root, host) => [
    await root.crl({ thisUpdate: days(-2) }),
    await root.crl({ thisUpdate: days(-1), revoke: [host] }),
  ],
);

agreesOnCrls(
  "CRL with an unknown critical extension",
  /critical/,
  async (root) => [
    await root.crl({
      extensions: ["authorityKeyIdentifier=keyid", "1.2.3.4=critical,DER:0500"],
    }),
  ],
);

agreesOnCrls(
  "CRL with an unknown extension that is not critical",
  true,
  async (root) => [
    await root.crl({ extensions: ["1.2.3.4=DER:0500"] }),
  ],
);

const POINT = ["[point]", "fullname=URI:http://crl.example.org/1"];
const POINT_1 = "crlDistributionPoints=URI:http://crl.example.org/1";
const POINT_2 = "crlDistributionPoints=URI:http://crl.example.org/2";
const scoped = (...lines: string[]) => ({
  extensions: ["issuingDistributionPoint=critical,@point", ...POINT, ...lines],
});

agreesOnCrls(
  "CRL for the place that the certificate names",
  true,
  async (root) => [await root.crl(scoped()), await root.crl()],
  [POINT_1],
);

agrees("CRL for another place", /no CRL/, async (site) => {
  const root = await site.root();
  const host = await root.issue({ subject: HOST, extensions: [POINT_2] });
  return {
    leaf: host.certificatePem,
    directory: [pem(root), await root.crl(scoped())],
    checkCrls: true,
  };
});

agreesOnCrls("CRL for authorities only", /no CRL/, async (root) => [
  await root.crl({
    extensions: [
      "issuingDistributionPoint=critical,@point",
      ...["[point]", "onlyCA=TRUE"],
    ],
  }),
]);

agrees("CRLs for authorities and for hosts", /is revoked/, async (site) => {
  const root = await site.root();
  const host = await root.issue({ subject: HOST });
  const only = (kind: string) => [
    "issuingDistributionPoint=critical,@point",
    ...["[point]", `only${kind}=TRUE`],
  ];
  return {
    leaf: host.certificatePem,
    directory: [
      pem(root),
      await root.crl({ extensions: only("CA") }),
      await root.crl({ extensions: only("user"), revoke: [host] }),
    ],
    checkCrls: true,
  };
});

agreesOnCrls("CRL for some reasons only", /no CRL/, async (root) => [
  await root.crl({
    extensions: [
      "issuingDistributionPoint=critical,@point",
      ...["[point]", "onlysomereasons=keyCompromise"],
    ],
  }),
]);

agreesOnCrls("indirect CRL", /no CRL/, async (root) => [
  await root.crl({
    extensions: [
      "issuingDistributionPoint=critical,@point",
      ...["[point]", "indirectCRL=TRUE", "onlyAA=TRUE"],
    ],
  }),
]);

agrees(
  "CRL of a foreign authority of the same name",
  /no CRL|signature/,
  async (site) => {
    const root = await site.root();
    const foreign = await site.root();
    const host = await root.issue({ subject: HOST });
    return {
      leaf: host.certificatePem,
      directory: [pem(root), await foreign.crl()],
      checkCrls: true,
    };
  },
);

agrees(
  "authority that may not sign CRLs",
  /not allowed to sign CRLs/,
  async (site) => {
    const root = await site.root({
      extensions: [
        "basicConstraints=CA:TRUE",
        "keyUsage=keyCertSign",
        "subjectKeyIdentifier=hash",
      ],
    });
    const host = await root.issue({ subject: HOST });
    return {
      leaf: host.certificatePem,
      directory: [pem(root), await root.crl()],
      checkCrls: true,
    };
  },
);

/** A root, an intermediate and a host, with CRLs of those named. */
async function threeFloors(
  site: ChainSite,
  crls: (root: TestCa, middle: TestCa, host: Credentials) => Promise<string[]>,
): Promise<Question> {
  const root = await site.root();
  const middle = await root.intermediate({ subject: "/CN=Middle" });
  const host = await middle.issue({ subject: HOST });
  return {
    leaf: host.certificatePem,
    sent: [pem(middle)],
    directory: [pem(root), ...await crls(root, middle, host)],
    checkCrls: true,
  };
}

agrees(
  "CRLs of root and intermediate",
  true,
  (site) =>
    threeFloors(site, async (root, middle) => [
      await root.crl(),
      await middle.crl(),
    ]),
);

agrees(
  "CRL of the root missing",
  /no CRL of .*Root/,
  (site) => threeFloors(site, async (_, middle) => [await middle.crl()]),
);

agrees(
  "CRL of the intermediate missing",
  /no CRL of .*Middle/,
  (site) => threeFloors(site, async (root) => [await root.crl()]),
);

agrees(
  "intermediate revoked",
  /CN=Middle is revoked/,
  (site) =>
    threeFloors(site, async (root, middle) => [
      await root.crl({ revoke: [middle.credentials] }),
      await middle.crl(),
    ]),
);

agrees("the root itself, with its CRL", true, async (site) => {
  const root = await site.root();
  return {
    leaf: pem(root),
    directory: [pem(root), await root.crl()],
    checkCrls: true,
  };
});

agrees("the root itself, without its CRL", /no CRL/, async (site) => {
  const root = await site.root();
  return { leaf: pem(root), directory: [pem(root)], checkCrls: true };
});

testWith(
  ["openssl"],
  "verifyChain() does not look at CRLs unless told to",
  async () => {
    await using site = await ChainSite.create();
    const root = await site.root();
    const host = await root.issue({ subject: HOST });
    const directory = [pem(root), await root.crl({ revoke: [host] })];
    assertVerdict(
      await site.askBoth({ leaf: host.certificatePem, directory }),
      true,
    );
  },
);

testWith(
  ["openssl"],
  "verifyChain() refuses CRLs signed with SHA-1 unless allowed",
  async () => {
    await using site = await ChainSite.create();
    const root = await site.root();
    const host = await root.issue({ subject: HOST });
    const question = {
      leaf: host.certificatePem,
      directory: [pem(root), await root.crl({ digest: "sha1" })],
      checkCrls: true,
    };
    assertVerdict(
      await site.ask(question),
      /is signed with sha1, which is too weak/,
    );
    assertVerdict(
      await site.askBoth({ ...question, allowWeakDigests: "all" }),
      true,
    );
  },
);

/** A CRL that only bytes can make, signed by the root. */
async function crafted(
  root: TestCa,
  host: Credentials,
  entryExtensions: readonly Uint8Array[],
): Promise<string> {
  const { certificatePem, keyPem } = root.credentials;
  const { subject } = parseCertificate(pemBytes(certificatePem));
  const { serial } = parseCertificate(pemBytes(host.certificatePem));
  return await toPem(
    "crl",
    craftCrl({
      issuer: subject.raw,
      entries: [craftCrlEntry(serial, entryExtensions)],
      signer: createPrivateKey(keyPem),
    }),
  );
}

const reason = (code: number) =>
  craftExtension("2.5.29.21", der.element(0x0a, Uint8Array.of(code)));
const invalidityDate = craftExtension(
  "2.5.29.24",
  der.element(0x18, new TextEncoder().encode("20210101000000Z")),
);

for (
  const [name, expected, extensions] of [
    ["a reason", /is revoked/, [reason(1)]],
    ["a reason and a date", /is revoked/, [reason(1), invalidityDate]],
    ["the reason removeFromCRL", true, [reason(8)]],
    ["removeFromCRL and a date", true, [invalidityDate, reason(8)]],
    ["certificateHold", /is revoked/, [reason(6)]],
    [
      "an unknown critical extension",
      /critical extension that is unknown: 1\.2\.3/,
      [craftExtension("1.2.3", der.nullValue(), true)],
    ],
  ] as const
) {
  agreesOnCrls(`entry with ${name}`, expected, async (root, host) => [
    await crafted(root, host, extensions),
  ]);
}

agrees("CRLs of two authorities with one name", true, async (site) => {
  const first = await site.root({ extensions: CA_EXTENSIONS });
  const second = await site.root({ extensions: CA_EXTENSIONS });
  const host = await second.issue({ subject: HOST });
  const aki = { extensions: ["authorityKeyIdentifier=keyid"] };
  return {
    leaf: host.certificatePem,
    directory: [
      pem(first),
      pem(second),
      await first.crl(aki),
      await second.crl(aki),
    ],
    checkCrls: true,
  };
});
