import { ROUTES, testCrashes } from "./runs/routes.ts";

testCrashes(ROUTES["ams"]!, 80);
