import { expect, test } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { newId, RestClient } from "../helpers/rest-client.ts";
import { until } from "../helpers/until.ts";

// One event, one line: what happened to a server is not told again by everybody whom it concerns.

test("a crash is one line with the exit and the last words; a missing command is one without a stack", async () => {
  await using gateway = await startGateway({
    servers: { dies: fixture("dies-mid-call"), missing: { command: "no-such-command-here" } },
  });
  const rest = new RestClient(gateway.url);
  expect((await rest.call("dies/die", {}, { sessionId: newId() })).status).toBe(502);
  expect((await rest.ask("/api/missing")).status).toBe(502);
  const listening = gateway.log().indexOf("listening on");
  const lines = (word: string): readonly string[] =>
    gateway
      .log()
      .slice(listening)
      .split("\n")
      .filter(
        (line) => line.includes(word) && !line.includes("New REST connection") && !line.includes("client closed"),
      );
  await until(() => lines("dies").length > 0 && lines("missing").length > 0, { what: "both are in the log" });
  expect(lines("dies")).toEqual([
    expect.stringMatching(/\[WARN\]: The MCP server "dies" ended \(exit code 1\)\. .*exit=1 .*stderr="about to die"/),
  ]);
  expect(lines("missing")).toEqual([
    expect.stringMatching(/\[WARN\]: The MCP server "missing" could not be started: .* was not found on PATH\./),
  ]);
  expect(gateway.log()).not.toMatch(/^ +at |\\n +at /m);
});
