import { startActiveMq } from "../../peers/activemq.ts";
import { runFullCircle } from "./full_circle.ts";

runFullCircle({
  name: "ActiveMQ",
  parts: ["activemq"],
  start: (tls) => startActiveMq({ tls }),
  connect: {},
  deadLetters: "/queue/ActiveMQ.DLQ",
});
