import { startActiveMq } from "../../peers/activemq.ts";
import { runFullCircle } from "./full_circle.ts";
import { assertEmpty, overStomp } from "./stomp_reach.ts";

runFullCircle({
  name: "ActiveMQ",
  parts: ["activemq"],
  start: (tls) => startActiveMq({ tls }),
  ...overStomp({}),
  assertNoneGivenUp: (site) => assertEmpty(site, "/queue/ActiveMQ.DLQ"),
});
