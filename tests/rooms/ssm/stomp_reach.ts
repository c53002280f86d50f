/**
 * A STOMP broker, as the hosts of a site reach it: over TLS, with certificates on both
 * sides.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dial } from "../../../lib/net/mod.ts";
import {
  Ssm2IncomingCarrier,
  Ssm2OutgoingCarrier,
} from "../../../lib/ssm/mod.ts";
import {
  type Endpoint,
  StompClient,
  type StompConnectOptions,
} from "../../../lib/stomp/mod.ts";
import { bytes } from "../../kit/text.ts";
import { verifierOf } from "./verifier.ts";
import type { FullCircle, Reach, Site, Who } from "./full_circle.ts";

/** What is the same for all STOMP brokers. */
export function overStomp(
  connect: StompConnectOptions,
): Pick<FullCircle, "reach" | "newDestination"> {
  return {
    newDestination: () => `/queue/${crypto.randomUUID()}`,
    reach: (site, who): Reach => {
      const endpoints = [tlsEndpoint(site, who, connect)];
      return {
        outgoing: (options) =>
          new Ssm2OutgoingCarrier({ ...options, endpoints }),
        incoming: (options) =>
          new Ssm2IncomingCarrier({ ...options, endpoints }),
      };
    },
  };
}

/** Sends something there, and sees that it comes first. */
export async function assertEmpty(
  site: Site,
  destination: string,
): Promise<void> {
  const { signal } = new AbortController();
  await using client = await tlsEndpoint(site, "host", {}).connect(signal);
  const receipt = true;
  await client.send(destination, bytes("the end"), { receipt });
  const subscription = await client.subscribe(destination);
  for await (const message of subscription) {
    assert.deepEqual(new Uint8Array(message.body), bytes("the end"));
    await message.ack({ receipt });
    return;
  }
}

/** The broker over TLS, which shows its certificate and demands one. */
function tlsEndpoint(
  { pki, broker }: Site,
  who: Who,
  connect: StompConnectOptions,
): Endpoint {
  const { certificatePem: certificate, keyPem: key } = pki[who];
  const verify = verifierOf(pki);
  return {
    name: "broker",
    connect: async (signal) => {
      const socket = await dial({
        host: "127.0.0.1",
        port: broker.tlsPort,
        tls: { keyPair: { certificate, key }, verify },
        signal,
      });
      return await StompClient.connect(socket, connect);
    },
  };
}
