import { sharedServer } from "../helpers/parts.ts";
import { startRabbitMq } from "../helpers/rabbitmq.ts";
import { runBrokerSuite } from "./broker_suite.ts";
import { startWithTls } from "./live_broker.ts";

const PARTS = ["openssl", "rabbitmq"] as const;

const server = sharedServer(
  PARTS,
  () => startWithTls((tls) => startRabbitMq({ tls })),
);

runBrokerSuite({
  name: "RabbitMQ",
  parts: PARTS,
  server,
  // Its only virtual host is "/", and it takes that for the default.
  connect: { login: "guest", passcode: "guest", host: false },
  afterNack: (queue) => queue,
  wrongPassword: /Access refused for user 'guest'/,
});
