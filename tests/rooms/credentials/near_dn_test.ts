import assert from "node:assert/strict";
import { NearDns } from "../../../lib/credentials/near_dn.ts";

const SIGNER = "/DC=org/O=Espace Génie/CN=Robot - a.example/emailAddress=a@b";

/** What is listed, and in what it differs from the signer. */
const NEAR: [listed: string, difference: string][] = [
  [SIGNER.toUpperCase(), "upper and lower case"],
  [SIGNER.replace("Espace G", "Espace  G"), "blanks"],
  [SIGNER.replace("Espace G", "Espace\u00a0G"), "blanks"],
  [SIGNER.replaceAll(" ", ""), "blanks"],
  [SIGNER.replace(" - ", " \u2013 "), "hyphens"],
  [SIGNER.normalize("NFD"), "composed and decomposed letters"],
  [
    SIGNER.replace("emailAddress", "Email"),
    "the name of an attribute (Email, E, USERID)",
  ],
  [
    SIGNER.replace("emailAddress", "E"),
    "the name of an attribute (Email, E, USERID)",
  ],
  [`${SIGNER} # the farm`, "a comment behind it"],
  [SIGNER.replace("é", "&#233;"), "HTML escapes"],
  [SIGNER.replace("é", "&#xE9;"), "HTML escapes"],
  [SIGNER.replace("Robot", "Ro\u200bbot"), "an invisible character"],
  [
    `${SIGNER.replace("Robot", "robot")}  # x`,
    "a comment behind it and upper and lower case",
  ],
];

for (const [listed, difference] of NEAR) {
  Deno.test(`NearDns explains ${JSON.stringify(listed)}`, () => {
    const near = new NearDns(["/C=UK/CN=other", listed]);
    assert.equal(
      near.explain(SIGNER),
      `listed is ${listed}, which differs only in ${difference}`,
    );
  });
}

Deno.test("NearDns explains a name with a joiner that is listed as such", () => {
  const near = new NearDns(["/CN=a\u200cb"]);
  assert.equal(
    near.explain("/CN=a\\xE2\\x80\\x8Cb"),
    "listed is /CN=a\u200cb, which differs only in an escaped invisible character and an invisible character",
  );
});

Deno.test("NearDns explains USERID, which other programs write for UID", () => {
  const near = new NearDns(["/O=x/USERID=u"]);
  assert.equal(
    near.explain("/O=x/UID=u"),
    "listed is /O=x/USERID=u, which differs only in the name of an attribute (Email, E, USERID)",
  );
});

Deno.test("NearDns is silent about DNs that are others", () => {
  const near = new NearDns([SIGNER, "/C=UK/CN=&unknown;&#99999999;"]);
  for (const other of ["/CN=a.example", `${SIGNER}/CN=proxy`, "", "/"]) {
    assert.equal(near.explain(other), undefined);
  }
});
