import { startRabbitMq } from "../../peers/rabbitmq.ts";
import { runFullCircle } from "./full_circle.ts";

runFullCircle({
  name: "RabbitMQ",
  parts: ["rabbitmq"],
  start: (tls) => startRabbitMq({ tls }),
  connect: { login: "guest", passcode: "guest", host: false },
});
