import { startRabbitMq } from "../../peers/rabbitmq.ts";
import { runFullCircle } from "./full_circle.ts";
import { overStomp } from "./stomp_reach.ts";

runFullCircle({
  name: "RabbitMQ",
  parts: ["rabbitmq"],
  start: (tls) => startRabbitMq({ tls }),
  ...overStomp({ login: "guest", passcode: "guest", host: false }),
});
