import { describe, expect, it } from "vitest";
import type { RequestFrame, ResponseFrame } from "../../../src/protocol/frame.ts";
import { encodeId, type RequestId } from "../../../src/protocol/jsonrpc.ts";
import { Aliases } from "../../../src/upstream/http/aliases.ts";

const request = (id: RequestId): RequestFrame => ({
  kind: "request",
  id,
  method: "tools/list",
  params: undefined,
  line: `{"jsonrpc":"2.0","id":${encodeId(id)},"method":"tools/list","x-new":9007199254740993}`,
});

const response = (id: RequestId): ResponseFrame => ({
  kind: "response",
  id,
  failed: false,
  line: `{"jsonrpc":"2.0","id":${encodeId(id)},"result":{}}`,
});

describe("a request that is sent again", () => {
  it.each<RequestId>([1, "1", "a b", 9007199254740993n])("has another id, and its answer the id %s", (id) => {
    const aliases = new Aliases();
    const again = aliases.again(request(id));
    expect(again.id).not.toBe(id);
    expect(again.line).toBe(
      request(id)
        .line.toString()
        .replace(`"id":${encodeId(id)}`, `"id":${encodeId(again.id)}`),
    );
    expect(aliases.of(id)).toEqual([again.id]);
    expect(aliases.original(again.id)).toBe(id);
    expect(aliases.restored(response(again.id))).toMatchObject({ id, line: response(id).line });
    aliases.forget(id);
    expect(aliases.of(id)).toEqual([]);
    expect(aliases.restored(response(again.id)).id).toBe(again.id);
  });

  it("keeps its id when it has certainly not run", () => {
    const aliases = new Aliases();
    expect(aliases.sendable(request(1))).toEqual(request(1));
    aliases.failed(request(1));
    expect(aliases.sendable(request(2))).toEqual(request(2));
    expect(aliases.sendable(request(1)).id).not.toBe(1);
    expect(aliases.sendable(request(1)).id).toBe(1);
  });

  it("is remembered among a bounded number of others", () => {
    const aliases = new Aliases();
    for (let id = 0; id < 10_000; id++) aliases.failed(request(id));
    expect(aliases.sendable(request(0)).id).toBe(0);
    expect(aliases.sendable(request(9_999)).id).not.toBe(9_999);
  });
});
