/**
 * Sending and receiving over AMS, side by side with the way of the original, in
 * one run against `ssm broker --ams` over TLS, on a link with a delay.
 *
 * Figures of different runs or machines are not to be compared; ratios are.
 *
 * @module
 */
import { join } from "node:path";
import { missingParts, PARTS } from "../../tests/peers/parts.ts";
import { type TestPki, testPki } from "../../tests/kit/pki/test_pki.ts";
import { Running, ssmCommand } from "../../tests/kit/programs/program.ts";
import { amsReferenceReceive, amsReferenceSend } from "./ams_reference.ts";
import { showRatio, showRow } from "./rows.ts";
import { type BenchService, fill, makeBenchSite } from "./site.ts";
import { SlowLink } from "./slow_link.ts";
import { receiveSsm, runSsm } from "./ssm_process.ts";

const ROUND_TRIP_MS = 20;
const KB = 1 << 10;
const LANES = 3;
const PROJECT = "bench";
const TOKEN = "0123456789abcdef0123456789abcdef";

/** Messages for ssm, and for the much slower reference. */
const COUNT = 3000;
const REFERENCE_COUNT = 40;

/** Prints the figures; says so where something that is needed is missing. */
export async function measureAms(): Promise<void> {
  for (const part of missingParts(["openssl"])) {
    console.error(`Cannot measure: ${part} is missing; ${PARTS[part].enable}`);
    Deno.exitCode = 1;
    return;
  }
  await using pki = await testPki();
  await using server = await startServer(pki);
  await using link = new SlowLink(server.port, ROUND_TRIP_MS);
  await using site = await makeBenchSite(serviceAt(link.port), pki);
  console.log(
    `ssm on Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, an AMS over TLS, ${ROUND_TRIP_MS} ms of round trip`,
  );
  showRow("", "ssm", "openssl forks", "ratio", "aim", "memory");
  const reference = { site, port: link.port, project: PROJECT, token: TOKEN };
  const slow = await site.lane();
  await fill(slow, REFERENCE_COUNT, KB);
  const slowSend = await amsReferenceSend(reference, slow);
  const slowReceive = await amsReferenceReceive(
    reference,
    slow,
    REFERENCE_COUNT,
  );
  const lane = await site.lane({ window: 100 });
  await fill(lane, COUNT, KB);
  const before = link.connections;
  const sent = await runSsm(["--config", lane.senderConfig]);
  showRatio({ name: "send 1 KB", aim: 15 }, {
    ssm: COUNT / sent.seconds,
    reference: REFERENCE_COUNT / slowSend,
    peakMb: sent.peakMb,
  });
  const received = await receiveSsm(lane.receiverConfig, COUNT);
  showRatio({ name: "receive 1 KB", aim: 100 }, {
    ssm: COUNT / received.seconds,
    reference: REFERENCE_COUNT / slowReceive,
    peakMb: received.peakMb,
  });
  const connections = (link.connections - before) / COUNT;
  console.log(`connections per message: ${connections.toFixed(4)} (aim: 0.02)`);
  const idle = link.connections;
  await runSsm(["--config", lane.senderConfig]);
  console.log(
    `connections of a run with nothing to send: ${
      link.connections - idle
    } (aim: 0)`,
  );
}

/** What the files say: a token, and the test's CA beside the public ones. */
function serviceAt(port: number): BenchService {
  return {
    protocol: "AMS",
    broker: `host = localhost:${port}\n`,
    messaging: `ams_project = ${PROJECT}\ntoken = ${TOKEN}\n`,
    places: (lane) => ({ destination: `t${lane}`, source: `s${lane}` }),
  };
}

/** A real `ssm broker --ams`, with messages on disk. */
async function startServer(
  pki: TestPki,
): Promise<AsyncDisposable & { port: number }> {
  const { certificatePath, keyPath } = await pki.ca.issue({
    subject: "/C=UK/O=Test/CN=localhost",
    key: "rsa:2048",
  });
  const lanes = Array.from({ length: LANES }, (_, at) => at + 1);
  const topics = lanes.map((lane) => `${PROJECT}/t${lane}:s${lane}`);
  const running = new Running(ssmCommand([
    ...["broker", "--stomp=off", "--ams=127.0.0.1:0", "--tls=on"],
    ...["--certificate", certificatePath, "--key", keyPath],
    ...["--data", join(pki.dir, "ams"), `--ams-topics=${topics.join(" ")}`],
  ]));
  const line = await running.line(/AMS listening on /);
  return {
    port: Number(/:(\d+), /.exec(line)![1]),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
