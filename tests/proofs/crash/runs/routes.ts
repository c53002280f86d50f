/**
 * The ways that files can take, and what a run over each looks like.
 *
 * @module
 */
import { type Part, sharedServer, testWith } from "../../../peers/parts.ts";
import { type TestPki, testPki } from "../../../kit/pki/test_pki.ts";
import {
  EmbeddedBroker,
  MortalActiveMq,
  type MortalBroker,
} from "./brokers.ts";
import { crashRun, type Toll } from "./crash_run.ts";
import type { Parties, PartiesOptions } from "../parties/parties.ts";
import { Random } from "../../../kit/random.ts";
import { amsParties } from "../parties/ams_parties.ts";
import { ssm1Parties } from "../parties/ssm1_parties.ts";
import { ssm2Parties } from "../parties/ssm2_parties.ts";

/** One way from outgoing to incoming. */
export interface Route {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly start: (pki: TestPki) => Promise<MortalBroker>;
  readonly meet: (options: PartiesOptions) => Promise<Parties>;
  /** One of so many deaths is the broker's. */
  readonly brokersShare: number;
}

/** All of them, by the name that the command line has for them. */
export const ROUTES: Readonly<Record<string, Route>> = {
  embedded: {
    name: "SSM2 over ssm broker",
    parts: [],
    start: () => EmbeddedBroker.start(),
    meet: ssm2Parties,
    brokersShare: 6,
  },
  activemq: {
    name: "SSM2 over ActiveMQ",
    parts: ["activemq"],
    start: () => MortalActiveMq.start(),
    meet: ssm2Parties,
    // It takes five seconds to come back.
    brokersShare: 35,
  },
  ams: {
    name: "SSM2 over ssm broker --ams",
    parts: [],
    start: (pki) => EmbeddedBroker.startAms(pki),
    meet: amsParties,
    brokersShare: 5,
  },
  ssm1: {
    name: "SSM1 over ssm broker",
    parts: [],
    start: () => EmbeddedBroker.start(),
    meet: ssm1Parties,
    brokersShare: 6,
  },
  "ssm1-activemq": {
    name: "SSM1 over ActiveMQ",
    parts: ["activemq"],
    start: () => MortalActiveMq.start(),
    meet: ssm1Parties,
    brokersShare: 35,
  },
};

/** Who is to die in a run with so many deaths. */
export function tollOf(kills: number, { brokersShare }: Route): Toll {
  const brokers = Math.round(kills / brokersShare);
  // Senders from a dirq and from a plain directory share.
  const senders = 2 * Math.round((kills - brokers) * 0.3);
  return { brokers, senders, receivers: kills - brokers - senders };
}

/** Registers a run as a test. Its seed is new each time, and in the output. */
export function testCrashes(route: Route, kills: number): void {
  const parts = ["openssl", "python3-dirq", ...route.parts] as const;
  const pki = sharedServer(parts, testPki);
  testWith(
    parts,
    `${route.name}: no file is lost or doubled in ${kills} deaths of everybody on its way`,
    async () => {
      await using broker = await route.start(pki());
      const said = await crashRun({
        pki: pki(),
        broker,
        meet: route.meet,
        toll: tollOf(kills, route),
        random: new Random(),
      });
      console.log(said);
    },
  );
}
