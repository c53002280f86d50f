import { ROUTES, testCrashes } from "./routes.ts";

testCrashes(ROUTES["embedded"]!, 120);
