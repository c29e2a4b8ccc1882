import { describe, expect, it } from "vitest";
import { meantName, unknownServer, unknownTool } from "../../src/downstream/did-you-mean.ts";

describe("a name that is none", () => {
  it("is answered with the one that was meant, and where to list them", () => {
    expect(unknownServer("filse", ["echo", "files"])).toMatchObject({
      reason: "server_not_found",
      message: 'No such server. Did you mean "files"? GET /api lists them.',
      details: { data: { didYouMean: "files" } },
    });
    expect(unknownTool("files", "readfile", ["read_file", "write_file"])).toMatchObject({
      reason: "tool_not_found",
      message: 'The server "files" has no such tool. Did you mean "read_file"? GET /api/files lists its tools.',
    });
  });

  it("is answered with none where none is near", () => {
    const { message, details } = unknownServer("weather", ["echo", "files"]);
    expect({ message, details }).toEqual({ message: "No such server. GET /api lists them.", details: {} });
  });

  it("is compared with no more than a moment allows, however many and long the names are", () => {
    let read = 0;
    const names = {
      *[Symbol.iterator]() {
        for (read = 0; ; read++) yield `${"n".repeat(40)}${read}`;
      },
    };
    expect(meantName("x".repeat(44), names)).toBeUndefined();
    expect(read).toBe(500);
    expect(meantName("n".repeat(1_000_000), names)).toBeUndefined();
    expect(read).toBe(500);
  });
});
