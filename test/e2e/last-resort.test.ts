import { expect, it } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { openSession } from "../helpers/sse-client.ts";

const SCRIPT = `process.on("SIGUSR2", () => { throw new Error("a defect"); })`;
/** Throws inside the gateway, outside any guard, each time the process gets SIGUSR2. */
const DEFECT = `data:text/javascript,${encodeURIComponent(SCRIPT)}`;

it("an unexpected error is logged, ends every session and its process, and exits with 70", async () => {
  const gateway = await startGateway(
    { servers: { echo: fixture("echo") } },
    { env: { NODE_OPTIONS: `--import=${DEFECT}` } },
  );
  const session = await openSession(`${gateway.url}/echo`);
  gateway.signal("SIGUSR2");
  gateway.signal("SIGUSR2");
  expect(await gateway.exit()).toBe(70);
  expect(gateway.log()).toContain("Unexpected error: shutting down");
  expect(gateway.log()).toContain("a defect");
  expect(session.ended()).toBe("cleanly");
  await gateway.nothingLeft();
  // Disposing the gateway would report the error that this test causes.
});
