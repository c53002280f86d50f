import assert from "node:assert/strict";
import { parseCertificate } from "../../../../lib/pki/certificate/certificate.ts";
import { verifyChain } from "../../../../lib/pki/path/chain.ts";
import { encodePem } from "../../../../lib/asn1/pem.ts";
import * as der from "../../../../lib/asn1/write.ts";
import {
  craftCertificate,
  craftCommonName,
  craftExtension,
} from "../../../kit/pki/craft_certificate.ts";
import {
  HOST_EXTENSIONS,
  pemBytes,
  testKey,
} from "../../../peers/openssl/openssl.ts";
import { testWith } from "../../../peers/parts.ts";
import {
  agrees,
  assertVerdict,
  ChainSite,
} from "../../../kit/pki/chain_site.ts";

const HOST = "/C=UK/CN=host.example.org";

agrees("certificate of a root", true, async (site) => {
  const root = await site.root();
  const leaf = await root.issue({ subject: HOST });
  return {
    leaf: leaf.certificatePem,
    directory: [root.credentials.certificatePem],
  };
});

agrees("every kind of key", true, async (site) => {
  const root = await site.root({ key: "rsa:2048" });
  const first = await root.intermediate({ subject: "/CN=1", key: "P-521" });
  const second = await first.intermediate({ subject: "/CN=2", key: "P-384" });
  const third = await second.intermediate({ subject: "/CN=3", key: "ed25519" });
  const leaf = await third.issue({ subject: HOST, digest: "null" });
  const pem = ({ credentials }: typeof root) => credentials.certificatePem;
  return {
    leaf: leaf.certificatePem,
    sent: [pem(first), pem(second), pem(third)],
    directory: [pem(root)],
  };
});

agrees("intermediate in the directory", true, async (site) => {
  const root = await site.root();
  const middle = await root.intermediate({ subject: "/CN=Middle" });
  const leaf = await middle.issue({ subject: HOST });
  return {
    leaf: leaf.certificatePem,
    directory: [
      root.credentials.certificatePem,
      middle.credentials.certificatePem,
    ],
  };
});

agrees("intermediate that came along", true, async (site) => {
  const root = await site.root();
  const middle = await root.intermediate({ subject: "/CN=Middle" });
  const leaf = await middle.issue({ subject: HOST });
  return {
    leaf: leaf.certificatePem,
    sent: [middle.credentials.certificatePem],
    directory: [root.credentials.certificatePem],
  };
});

agrees("intermediate missing", /no valid issuer \/CN=Middle/, async (site) => {
  const root = await site.root();
  const middle = await root.intermediate({ subject: "/CN=Middle" });
  const leaf = await middle.issue({ subject: HOST });
  return {
    leaf: leaf.certificatePem,
    directory: [root.credentials.certificatePem],
  };
});

agrees(
  "root missing, all else in the directory",
  /no valid issuer/,
  async (site) => {
    const root = await site.root();
    const middle = await root.intermediate({ subject: "/CN=Middle" });
    const leaf = await middle.issue({ subject: HOST });
    return {
      leaf: leaf.certificatePem,
      directory: [middle.credentials.certificatePem],
    };
  },
);

agrees(
  "root that only came along",
  /self-signed .* not in the CA/,
  async (site) => {
    const root = await site.root();
    const other = await site.root({ subject: "/CN=Other" });
    const leaf = await root.issue({ subject: HOST });
    return {
      leaf: leaf.certificatePem,
      sent: [root.credentials.certificatePem],
      directory: [other.credentials.certificatePem],
    };
  },
);

agrees(
  "empty directory",
  /no file in CA directory .* is named by hash/,
  async (site) => {
    const root = await site.root();
    const leaf = await root.issue({ subject: HOST });
    return { leaf: leaf.certificatePem, directory: [] };
  },
);

agrees("the root itself", true, async (site) => {
  const { certificatePem } = (await site.root()).credentials;
  return { leaf: certificatePem, directory: [certificatePem] };
});

agrees("self-signed leaf in the directory", true, async (site) => {
  const self = await site.root({ subject: HOST, extensions: HOST_EXTENSIONS });
  const { certificatePem } = self.credentials;
  return { leaf: certificatePem, directory: [certificatePem] };
});

agrees("self-signed leaf elsewhere", /self-signed/, async (site) => {
  const root = await site.root();
  const self = await site.root({ subject: HOST, extensions: HOST_EXTENSIONS });
  return {
    leaf: self.credentials.certificatePem,
    directory: [root.credentials.certificatePem],
  };
});

for (
  const [name, extensions] of [
    ["foreign authority of the same name", HOST_EXTENSIONS],
    [
      "foreign authority of the same name, no key identifier",
      ["basicConstraints=CA:FALSE"],
    ],
  ] as const
) {
  agrees(name, /no valid issuer|signature/, async (site) => {
    const root = await site.root();
    const foreign = await site.root();
    const leaf = await foreign.issue({ subject: HOST, extensions });
    return {
      leaf: leaf.certificatePem,
      directory: [root.credentials.certificatePem],
    };
  });
}

agrees("two authorities of one name in the directory", true, async (site) => {
  const first = await site.root();
  const second = await site.root();
  const leaf = await second.issue({ subject: HOST });
  return {
    leaf: leaf.certificatePem,
    directory: [
      first.credentials.certificatePem,
      second.credentials.certificatePem,
    ],
  };
});

agrees("tampered certificate", /signature/, async (site) => {
  const root = await site.root();
  const leaf = await root.issue({ subject: HOST });
  const bytes = pemBytes(leaf.certificatePem);
  const text = new TextDecoder("latin1").decode(bytes);
  bytes[text.indexOf("host.example")] = "m".charCodeAt(0);
  return {
    leaf: encodePem("CERTIFICATE", bytes),
    directory: [root.credentials.certificatePem],
  };
});

agrees(
  "authorities that signed each other, without a root",
  /no valid issuer|signature|self-signed/,
  async (site) => {
    const keyA = { pem: await testKey("P-256", 1) };
    const keyB = { pem: await testKey("P-256", 2) };
    const [a, b, stranger] = await Promise.all([
      site.root({ subject: "/CN=A", key: keyA }),
      site.root({ subject: "/CN=B", key: keyB }),
      site.root({ subject: "/CN=Stranger" }),
    ]);
    const [aByB, bByA] = await Promise.all([
      b.intermediate({ subject: "/CN=A", key: keyA }),
      a.intermediate({ subject: "/CN=B", key: keyB }),
    ]);
    const leaf = await a.issue({ subject: HOST });
    return {
      leaf: leaf.certificatePem,
      sent: [
        aByB.credentials.certificatePem,
        bByA.credentials.certificatePem,
      ],
      directory: [
        stranger.credentials.certificatePem,
        aByB.credentials.certificatePem,
        bByA.credentials.certificatePem,
      ],
    };
  },
);

agrees("cross-signed authority with a root", true, async (site) => {
  const key = { pem: await testKey("P-256", 1) };
  const [old, young] = await Promise.all([
    site.root({ subject: "/CN=Old" }),
    site.root({ subject: "/CN=Young", key }),
  ]);
  const bridge = await old.intermediate({ subject: "/CN=Young", key });
  const leaf = await young.issue({ subject: HOST });
  return {
    leaf: leaf.certificatePem,
    sent: [bridge.credentials.certificatePem],
    directory: [old.credentials.certificatePem],
  };
});

testWith(["openssl"], "verifyChain() gives the path to the root", async () => {
  await using site = await ChainSite.create();
  const root = await site.root();
  const middle = await root.intermediate({ subject: "/CN=Middle" });
  const leaf = await middle.issue({ subject: HOST });
  const pems = [leaf, middle.credentials, root.credentials]
    .map(({ certificatePem }) => certificatePem);
  const verdict = await site.ask({
    leaf: pems[0]!,
    sent: [pems[1]!],
    directory: [pems[2]!],
  });
  assert.deepEqual(
    verdict.ok && verdict.chain.map(({ raw }) => raw),
    pems.map(pemBytes),
  );
});

Deno.test("verifyChain() gives up on chains of more than twelve certificates", async () => {
  const authority = craftExtension(
    "2.5.29.19",
    der.sequence(der.boolean(true)),
  );
  /** `CN=0` issued by `CN=1`, and so on up to a root. */
  const chain = (length: number) =>
    Array.from({ length }, (_, n) =>
      parseCertificate(craftCertificate({
        subject: craftCommonName(`${n}`),
        issuer: craftCommonName(`${Math.min(n + 1, length - 1)}`),
        extensions: [authority],
      })));
  for (
    const [length, expected] of [[12, true], [13, /more than 12/]] as const
  ) {
    const [leaf, ...others] = chain(length);
    const source = { find: () => others.slice(-1), crls: () => [] };
    assertVerdict(
      await verifyChain(leaf!, others, { source, now: new Date() }),
      expected,
    );
  }
});
