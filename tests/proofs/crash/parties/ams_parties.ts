/**
 * Senders and a receiver of SSM2 over an AMS: a sender with a certificate, one with
 * a token.
 *
 * @module
 */
import { empaidOf } from "../../../../lib/ssm/ams/sending/empaid.ts";
import { Site } from "../../../kit/programs/program_site.ts";
import {
  AMS_LOGIN_MARKS,
  AMS_RECEIVER_MARKS,
  AMS_SENDER_MARKS,
} from "../marks/ams_marks.ts";
import {
  type Parties,
  type PartiesOptions,
  PATIENCE_S,
  type Sender,
} from "./parties.ts";
import { FROM_DIRECTORY, FROM_DIRQ, ssm2Receiver } from "./ssm2_parties.ts";
import { Outgoing } from "./traffic.ts";

const TOKEN = "0123456789abcdef";

/** Who may do what, as `ams_users` has it. */
export const AMS_USERS = `
certificate:publish:/C=UK/O=Test/CN=ec.example.org
token:publish:${TOKEN}
receiver:pull:/C=UK/O=Test/CN=server.example.org
`;

/** Senders from a dirq and from a plain directory, and a receiver. */
export async function amsParties(options: PartiesOptions): Promise<Parties> {
  const site = await Site.make(options.pki);
  const [first, second] = [await site.another(), await site.another()];
  const config = await site.amsReceiver(options.port, {
    messaging: { ams_poll_pause: 0.5 },
  });
  const senders = [
    await dirqSender(first, options),
    await directorySender(second, options),
  ];
  return {
    senders,
    receiver: await ssm2Receiver(site, config, {
      marks: AMS_RECEIVER_MARKS,
      ready: /Will subscribe to: /,
      taken: (id) => `ID = ${id}, Argo ID = `,
    }),
    async [Symbol.asyncDispose]() {
      for (const { outgoing } of senders) await outgoing.finish();
      for (const one of [first, second, site]) await one[Symbol.asyncDispose]();
    },
  };
}

/** One message at a time; some are written in place while it runs. */
async function dirqSender(
  site: Site,
  options: PartiesOptions,
): Promise<Sender> {
  const config = await site.amsSender(options.port, {
    broker: { retry_for: PATIENCE_S },
    messaging: { ...FROM_DIRQ, window: 1 },
  });
  return {
    marks: [...AMS_LOGIN_MARKS, ...AMS_SENDER_MARKS],
    args: ["send", `--config=${config}`],
    outgoing: new Outgoing(site.outgoing, {
      ...options,
      type: "dirq",
      inPlace: true,
    }),
    path: site.outgoing,
  };
}

/** Several messages in a call. */
async function directorySender(
  site: Site,
  options: PartiesOptions,
): Promise<Sender> {
  const config = await site.amsSender(options.port, {
    broker: { retry_for: PATIENCE_S, authn_port: undefined },
    messaging: { ...FROM_DIRECTORY, token: TOKEN },
  });
  await Deno.chmod(config, 0o600);
  return {
    marks: AMS_SENDER_MARKS,
    args: ["send", `--config=${config}`],
    outgoing: new Outgoing(site.outgoing, {
      ...options,
      type: "directory",
      idOf: empaidOf,
    }),
    path: site.outgoing,
  };
}
