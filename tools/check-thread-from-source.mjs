// Runs the thread that checks schemas from its source, for `npm run dev` and the tests: a thread does not inherit tsx.
import { register } from "tsx/esm/api";

register();
await import("../src/downstream/rest/checks/check-thread-main.ts");
