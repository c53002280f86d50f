import {
  craftCertificate,
  craftCommonName,
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
  toPem,
} from "../../../kit/pki/chain_site.ts";

const HOST = "/C=UK/CN=host.example.org";
const DAY_MS = 86_400_000;
const days = (n: number) => new Date(Date.now() + n * DAY_MS);

agrees(
  "host as authority",
  /is not a certificate authority|not allowed to sign/,
  async (site) => {
    const root = await site.root();
    const host = await root.intermediate({
      subject: HOST,
      extensions: HOST_EXTENSIONS,
    });
    const leaf = await host.issue({ subject: "/CN=victim" });
    return {
      leaf: leaf.certificatePem,
      sent: [host.credentials.certificatePem],
      directory: [root.credentials.certificatePem],
    };
  },
);

for (
  const [name, extensions] of [
    ["CA:FALSE", ["basicConstraints=CA:FALSE", "keyUsage=keyCertSign"]],
    ["no basic constraints", ["subjectKeyIdentifier=hash"]],
    ["no keyCertSign", ["basicConstraints=CA:TRUE", "keyUsage=cRLSign"]],
  ] as const
) {
  agrees(
    `authority with ${name}`,
    /is not a certificate authority|not allowed to sign certificates/,
    async (site) => {
      const root = await site.root();
      const middle = await root.intermediate({ subject: "/CN=M", extensions });
      const leaf = await middle.issue({
        subject: HOST,
        extensions: ["basicConstraints=CA:FALSE"],
      });
      return {
        leaf: leaf.certificatePem,
        sent: [middle.credentials.certificatePem],
        directory: [root.credentials.certificatePem],
      };
    },
  );
}

// Made by hand: what `openssl x509` makes of no extensions depends on its release.
agrees("root of version 1", true, async () => {
  const subject = craftCommonName("Root");
  return {
    leaf: await toPem("x509", craftCertificate({ issuer: subject })),
    directory: [
      await toPem("x509", craftCertificate({ subject, version: null })),
    ],
  };
});

for (
  const [name, extensions] of [
    ["with key usage only", ["keyUsage=keyCertSign"]],
    ["without key usage", ["basicConstraints=CA:TRUE"]],
  ] as const
) {
  agrees(`root ${name}`, true, async (site) => {
    const root = await site.root({ extensions });
    const leaf = await root.issue({
      subject: HOST,
      extensions: ["basicConstraints=CA:FALSE"],
    });
    return {
      leaf: leaf.certificatePem,
      directory: [root.credentials.certificatePem],
    };
  });
}

for (
  const [name, pathLength, middles, expected] of [
    ["kept", 1, 1, true],
    ["kept without authorities", 0, 0, true],
    ["exceeded by one", 0, 1, /allows 0 authorities below itself, not 1/],
    ["exceeded by two", 1, 3, /allows 1 authorities below itself, not 3/],
  ] as const
) {
  agrees(`path length ${name}`, expected, async (site) => {
    const root = await site.root({
      extensions: [
        `basicConstraints=critical,CA:TRUE,pathlen:${pathLength}`,
        "subjectKeyIdentifier=hash",
      ],
    });
    let ca = root;
    const sent: string[] = [];
    for (let n = 0; n < middles; n++) {
      ca = await ca.intermediate({ subject: `/CN=${n}` });
      sent.push(ca.credentials.certificatePem);
    }
    const leaf = await ca.issue({ subject: HOST });
    return {
      leaf: leaf.certificatePem,
      sent,
      directory: [root.credentials.certificatePem],
    };
  });
}

agrees(
  "path length does not count self-issued authorities",
  true,
  async (site) => {
    const root = await site.root({
      extensions: [
        "basicConstraints=critical,CA:TRUE,pathlen:0",
        "subjectKeyIdentifier=hash",
      ],
    });
    const renewed = await root.intermediate({ subject: "/C=UK/CN=Root" });
    const leaf = await renewed.issue({ subject: HOST });
    return {
      leaf: leaf.certificatePem,
      sent: [renewed.credentials.certificatePem],
      directory: [root.credentials.certificatePem],
    };
  },
);

const PAST = { notBefore: days(-9), notAfter: days(-1) };
const FUTURE = { notBefore: days(1), notAfter: days(9) };

for (
  const [when, dates, words] of [
    ["expired", PAST, "has expired on"],
    ["future", FUTURE, "is not valid before"],
  ] as const
) {
  agrees(
    `${when} leaf`,
    new RegExp(`host.example.org ${words}`),
    async (site) => {
      const root = await site.root();
      const leaf = await root.issue({ subject: HOST, ...dates });
      return {
        leaf: leaf.certificatePem,
        directory: [root.credentials.certificatePem],
      };
    },
  );

  agrees(
    `${when} intermediate`,
    new RegExp(`CN=Middle ${words}`),
    async (site) => {
      const root = await site.root();
      const middle = await root.intermediate({
        subject: "/CN=Middle",
        ...dates,
      });
      const leaf = await middle.issue({ subject: HOST });
      return {
        leaf: leaf.certificatePem,
        sent: [middle.credentials.certificatePem],
        directory: [root.credentials.certificatePem],
      };
    },
  );

  agrees(`${when} root`, new RegExp(`CN=Root ${words}`), async (site) => {
    const root = await site.root(dates);
    const leaf = await root.issue({ subject: HOST });
    return {
      leaf: leaf.certificatePem,
      directory: [root.credentials.certificatePem],
    };
  });
}

agrees("valid at another moment", true, async (site) => {
  const root = await site.root({ notBefore: days(-99) });
  const leaf = await root.issue({ subject: HOST, ...PAST });
  return {
    leaf: leaf.certificatePem,
    directory: [root.credentials.certificatePem],
    now: days(-5),
  };
});

for (const place of ["leaf", "intermediate", "root"] as const) {
  for (
    const [name, extension, words] of [
      [
        "unknown",
        "1.2.3.4=critical,DER:0500",
        /critical .* unknown: 1\.2\.3\.4/,
      ],
      [
        "issuerAltName",
        "issuerAltName=critical,DNS:a.org",
        /critical .* unknown: 2\.5\.29\.18/,
      ],
    ] as const
  ) {
    agrees(
      `critical extension ${name} on the ${place}`,
      words,
      async (site) => {
        const more = (where: string, extensions: readonly string[]) => ({
          extensions: where === place ? [...extensions, extension] : extensions,
        });
        const root = await site.root(more("root", CA_EXTENSIONS));
        const middle = await root.intermediate({
          subject: "/CN=Middle",
          ...more("intermediate", CA_EXTENSIONS),
        });
        const leaf = await middle.issue({
          subject: HOST,
          ...more("leaf", HOST_EXTENSIONS),
        });
        return {
          leaf: leaf.certificatePem,
          sent: [middle.credentials.certificatePem],
          directory: [root.credentials.certificatePem],
        };
      },
    );
  }
}

agrees(
  "critical extensions that are understood, unknown ones that are not critical",
  true,
  async (site) => {
    const root = await site.root();
    const leaf = await root.issue({
      subject: HOST,
      extensions: [
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=critical,clientAuth",
        "subjectAltName=critical,DNS:a.org",
        "certificatePolicies=critical,1.2.3.4",
        "crlDistributionPoints=critical,URI:http://crl/",
        "nsCertType=critical,client",
        "1.2.3.4=DER:0500",
      ],
    });
    return {
      leaf: leaf.certificatePem,
      directory: [root.credentials.certificatePem],
    };
  },
);

agrees(
  "proxy certificate (RFC 3820)",
  /is a proxy certificate|is not a certificate authority|not allowed to sign/,
  async (site) => {
    const root = await site.root();
    const user = await root.intermediate({
      subject: "/C=UK/CN=User",
      extensions: ["keyUsage=digitalSignature", "subjectKeyIdentifier=hash"],
    });
    const proxy = await user.issue({
      subject: "/C=UK/CN=User/CN=123",
      extensions: [
        "proxyCertInfo=critical,language:id-ppl-inheritAll",
        "keyUsage=digitalSignature",
      ],
    });
    return {
      leaf: proxy.certificatePem,
      sent: [user.credentials.certificatePem],
      directory: [root.credentials.certificatePem],
    };
  },
);

agrees(
  "proxy certificate issued by an authority",
  /is a proxy certificate/,
  async (site) => {
    const root = await site.root();
    const proxy = await root.issue({
      subject: "/C=UK/CN=Root/CN=1",
      extensions: ["proxyCertInfo=critical,language:id-ppl-inheritAll"],
    });
    return {
      leaf: proxy.certificatePem,
      directory: [root.credentials.certificatePem],
    };
  },
);

agrees("root signed with SHA-1", true, async (site) => {
  const root = await site.root({ digest: "sha1" });
  const leaf = await root.issue({ subject: HOST });
  return {
    leaf: leaf.certificatePem,
    directory: [root.credentials.certificatePem],
  };
});

for (const digest of ["sha1", "md5"]) {
  testWith(
    ["openssl"],
    `verifyChain() refuses ${digest} below the root unless it is allowed`,
    async () => {
      await using site = await ChainSite.create();
      const root = await site.root({ key: "rsa:2048" });
      const leaf = await root.issue({ subject: HOST, digest });
      const question = {
        leaf: leaf.certificatePem,
        directory: [root.credentials.certificatePem],
      };
      assertVerdict(
        await site.ask(question),
        new RegExp(`is signed with ${digest}, which is too weak`),
      );
      assertVerdict(
        await site.askBoth({ ...question, allowWeakDigests: "all" }),
        true,
      );
    },
  );
}

for (
  const [purpose, expected, extensions] of [
    ["serverAuth", true, ["extendedKeyUsage=serverAuth"]],
    ["serverAuth", /as a TLS server: extended key usage/, [
      "extendedKeyUsage=clientAuth",
    ]],
    ["serverAuth", /key usage/, ["keyUsage=nonRepudiation"]],
    ["serverAuth", /Netscape/, ["nsCertType=client"]],
    ["serverAuth", true, ["keyUsage=keyEncipherment", "nsCertType=server"]],
    ["clientAuth", true, ["extendedKeyUsage=clientAuth,serverAuth"]],
    ["clientAuth", /extended key usage/, ["extendedKeyUsage=serverAuth"]],
    ["clientAuth", /key usage/, ["keyUsage=keyEncipherment"]],
    ["clientAuth", /Netscape/, ["nsCertType=server"]],
    ["clientAuth", true, ["basicConstraints=CA:FALSE"]],
    ["any", true, ["extendedKeyUsage=codeSigning", "nsCertType=server"]],
  ] as const
) {
  agrees(`purpose ${purpose} with ${extensions}`, expected, async (site) => {
    const root = await site.root();
    const leaf = await root.issue({ subject: HOST, extensions });
    return {
      leaf: leaf.certificatePem,
      directory: [root.credentials.certificatePem],
      purpose,
    };
  });
}

agrees(
  "purpose that an authority may not give",
  /CN=Middle .* extended key usage/,
  async (site) => {
    const root = await site.root();
    const middle = await root.intermediate({
      subject: "/CN=Middle",
      extensions: [...CA_EXTENSIONS, "extendedKeyUsage=clientAuth"],
    });
    const leaf = await middle.issue({ subject: HOST });
    return {
      leaf: leaf.certificatePem,
      sent: [middle.credentials.certificatePem],
      directory: [root.credentials.certificatePem],
      purpose: "serverAuth",
    };
  },
);
