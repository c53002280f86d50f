/**
 * The marks of calls of an AMS: of sender and receiver, and of the server.
 *
 * A call is marked before it begins, amid (it has left, no answer has come), and
 * when its answer is there, before the caller does anything with it.
 *
 * @module
 */
import { ClientRequest, ServerResponse } from "node:http";
import { AmsClient } from "../../../../lib/ams/mod.ts";
import { AmsService } from "../../../../lib/broker/ams/service.ts";
import { SmimeSealer } from "../../../../lib/ssm/mod.ts";
import type { OrderedDeath } from "../deaths/ordered_death.ts";
import { markStore } from "./broker_marks.ts";
import { after, before, replace } from "./patch.ts";
import { DISK_MARKS, markStorage } from "./receiver_marks.ts";
import { markOutgoing } from "./spool_marks.ts";

/** Of a sender with a token, in the order of the walk. */
export const AMS_SENDER_MARKS = [
  "after lock",
  "after seal",
  ...marksOf("publish"),
  "before remove",
  "amid remove",
  "after remove",
] as const;

/** Of one that has its token from a certificate. */
export const AMS_LOGIN_MARKS = ["amid authx509"] as const;

/** Of a receiver, in the order of the walk. */
export const AMS_RECEIVER_MARKS = [
  ...AMS_LOGIN_MARKS,
  ...marksOf("pull"),
  ...DISK_MARKS,
  ...marksOf("acknowledge"),
] as const;

/** Of `ssm broker --ams`. */
export const AMS_SERVER_MARKS = [
  "before append",
  "after append",
  "before forgetting",
  "after forgetting",
  ...["publish", "pull", "acknowledge", "authx509"].flatMap((call) => [
    `before ${call}`,
    `before the answer to ${call}`,
    `amid the answer to ${call}`,
    `after the answer to ${call}`,
  ]),
] as const;

/** Reports each of a sender's that the process comes to. */
export function markAmsSender(death: OrderedDeath): void {
  markOutgoing(death);
  after(SmimeSealer.prototype, "seal", () => death.reach("after seal"));
  markCalls(death, "publish");
}

/** Reports each of a receiver's that the process comes to. */
export function markAmsReceiver(death: OrderedDeath): void {
  markStorage(death);
  markCalls(death, "pull", "acknowledge");
}

/** Reports each of a server's that the process comes to. */
export function markAmsServer(death: OrderedDeath): void {
  markStore(death);
  before(AmsService.prototype, "answer", (request) => {
    const { path } = request as { path: string };
    death.reach(`before ${callOf(path)}`);
  });
  replace(
    ServerResponse.prototype,
    "end",
    (end) =>
      function (this: unknown, body, ...rest) {
        const response = this as ServerResponse;
        const answer = `the answer to ${callOf(response.req.url ?? "")}`;
        death.reach(`before ${answer}`);
        response.once("finish", () => death.reach(`after ${answer}`));
        if (!death.isDue(`amid ${answer}`)) {
          return end.call(response, body, ...rest);
        }
        const bytes = body as Uint8Array;
        response.write(
          bytes.subarray(0, bytes.length >> 1),
          () => death.kill(`amid ${answer}`),
        );
        return response;
      },
  );
}

function marksOf(call: string): string[] {
  return [`before ${call}`, `amid ${call}`, `after ${call}`];
}

function markCalls(
  death: OrderedDeath,
  ...calls: readonly ("publish" | "pull" | "acknowledge")[]
): void {
  for (const call of calls) {
    before(AmsClient.prototype, call, () => death.reach(`before ${call}`));
    after(AmsClient.prototype, call, () => death.reach(`after ${call}`));
  }
  replace(
    ClientRequest.prototype,
    "end",
    (end) =>
      function (this: unknown, ...rest) {
        const request = this as ClientRequest;
        const mark = `amid ${callOf(request.path)}`;
        request.once("finish", () => death.reach(mark));
        return end.apply(request, rest);
      },
  );
}

/** The verb of a path: `/v1/projects/p/topics/t:publish`. */
function callOf(path: string): string {
  return /:(\w+)(?:\?|$)/.exec(path)?.[1] ?? "another call";
}
