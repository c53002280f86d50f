import { ROUTES, testCrashes } from "./runs/routes.ts";

testCrashes(ROUTES["activemq"]!, 80);
