import { ROUTES, testCrashes } from "./runs/routes.ts";

testCrashes(ROUTES["embedded"]!, 120);
