/**
 * What sender and receiver read of the ARGO Messaging Service in the same way.
 *
 * @module
 */
import { ConfigError } from "../config_error.ts";
import type { Ini } from "../ini/parse.ts";
import { keyPlace, type Values } from "../schema/keys.ts";
import { AMS_BROKER_TABLE, AMS_MESSAGING_TABLE } from "../tables/ams_tables.ts";

/** How to reach the messaging service. */
export interface AmsConfig
  extends Omit<Values<typeof AMS_BROKER_TABLE>, "host"> {
  readonly protocol: "AMS";
  readonly host: string;
  readonly port: number;
  readonly project: string;
  /** Of whom the requests are. */
  readonly user: AmsUser;
}

/** Where the token comes from. */
export type AmsUser =
  | { readonly from: "configuration"; readonly token: string }
  | { readonly from: "file"; readonly path: string }
  /** The authentication service gives one for the host certificate. */
  | { readonly from: "certificate" };

/** The port of every messaging service that says nothing else. */
const HTTPS = 443;

/** Takes together what is said of the service, and checks what depends on several keys. */
export function amsConfig(
  ini: Ini,
  { host: { host, port }, ...broker }: Values<typeof AMS_BROKER_TABLE>,
  messaging: Values<typeof AMS_MESSAGING_TABLE>,
): AmsConfig {
  const user = amsUser(ini, messaging);
  const { authnPort } = AMS_BROKER_TABLE;
  if (
    user.from === "certificate" && port !== undefined &&
    ini.find("broker", authnPort.name) === undefined
  ) {
    throw new ConfigError(
      keyPlace(ini, "broker", AMS_BROKER_TABLE.host),
      "there is a port, but neither token nor authn_port",
      {
        hint:
          "Leave the port out of host, or write in authn_port which port gives a token for the host certificate",
      },
    );
  }
  return {
    protocol: "AMS",
    ...broker,
    host,
    port: port ?? HTTPS,
    project: messaging.project,
    user,
  };
}

function amsUser(
  ini: Ini,
  // An empty token is what the originals take for none.
  { token = "", tokenFile }: Values<typeof AMS_MESSAGING_TABLE>,
): AmsUser {
  if (token !== "" && tokenFile !== undefined) {
    throw new ConfigError(
      keyPlace(ini, "messaging", AMS_MESSAGING_TABLE.tokenFile),
      'there is a "token" already; only one of them may be there',
    );
  }
  if (token !== "") return { from: "configuration", token };
  return tokenFile === undefined
    ? { from: "certificate" }
    : { from: "file", path: tokenFile };
}
