import { ROUTES, testCrashes } from "./routes.ts";

testCrashes(ROUTES["ssm1"]!, 80);
