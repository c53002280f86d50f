import { ROUTES, testCrashes } from "./routes.ts";

testCrashes(ROUTES["activemq"]!, 80);
