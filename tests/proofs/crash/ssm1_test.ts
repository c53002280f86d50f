import { ROUTES, testCrashes } from "./runs/routes.ts";

testCrashes(ROUTES["ssm1"]!, 80);
