import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { sessionIdOf } from "../../../src/downstream/rest/session-id.ts";

const idOf = (query: string | undefined, headers: Record<string, string> = {}, implicit: string[] = []) =>
  sessionIdOf(
    { headers } as unknown as IncomingMessage,
    query === undefined ? undefined : new URLSearchParams(query),
    implicit,
  );

describe("the session id of a request", () => {
  it("is that of the query, then X-Session-Id, then Mcp-Session-Id, then an implicit header", () => {
    const headers = {
      "x-session-id": "of-x-header",
      "mcp-session-id": "of-mcp-header",
      conversation: "of-conversation",
    };
    const { "x-session-id": _x, ...withoutX } = headers;
    const { "mcp-session-id": _mcp, ...onlyImplicit } = withoutX;
    expect(idOf("sessionId=of-the-query", headers, ["Conversation"])).toBe("of-the-query");
    expect(idOf("other=1", headers, ["Conversation"])).toBe("of-x-header");
    expect(idOf(undefined, withoutX, ["Conversation"])).toBe("of-mcp-header");
    expect(idOf(undefined, onlyImplicit, ["Missing", "Conversation"])).toBe("of-conversation");
  });

  it("is none when nothing says one, and an implicit header counts only where the config says so", () => {
    expect(idOf(undefined)).toBeUndefined();
    expect(idOf("session=x", { "openai-conversation-id": "a-conversation" })).toBeUndefined();
  });

  it.each(["12345678", "x".repeat(128), "randomSession12345", "A.b_c~d-e"])("may be %s", (id) => {
    expect(idOf(`sessionId=${id}`)).toBe(id);
  });

  it.each([
    "",
    "1234567",
    "x".repeat(129),
    "a b c d e",
    "a/b/c/d/e",
    "größe-größe",
    "a\nb\nc\nd\ne",
    "%00%00%00%00%00%00%00%00",
  ])("may not be %j, wherever it stands", (id) => {
    const refusal = expect.objectContaining({ reason: "invalid_request" }) as Error;
    expect(() => idOf(new URLSearchParams({ sessionId: id }).toString())).toThrow(refusal);
    expect(() => idOf(undefined, { "x-session-id": id })).toThrow(refusal);
    expect(() => idOf(undefined, { conversation: id }, ["conversation"])).toThrow(refusal);
  });
});
