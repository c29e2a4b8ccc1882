import { describe, expect, it } from "vitest";
import { Pieces } from "../../../src/lib/pieces.ts";
import { readClientMessages } from "../../../src/protocol/client-frame.ts";
import { withIds, withProgressToken, withResponseId, withSubscriptionId } from "../../../src/protocol/eras/ids.ts";
import { GatewayError } from "../../../src/protocol/errors.ts";
import { faultFrame } from "../../../src/protocol/fault-frame.ts";
import type { NotificationFrame, RequestFrame, ResponseFrame } from "../../../src/protocol/frame.ts";
import { readServerLine } from "../../../src/protocol/server-frame.ts";

function request(text: string): RequestFrame {
  const [frame] = readClientMessages(text).frames;
  if (frame?.kind !== "request") throw new Error("no request");
  return frame;
}
function fromServer(text: string): NotificationFrame | ResponseFrame {
  const frame = readServerLine(text);
  if (frame === undefined || frame.kind === "none" || frame.kind === "request") throw new Error("no such frame");
  return frame;
}
function response(text: string): ResponseFrame {
  const frame = fromServer(text);
  if (frame.kind !== "response") throw new Error("no response");
  return frame;
}
function notification(text: string): NotificationFrame {
  const frame = fromServer(text);
  if (frame.kind !== "notification") throw new Error("no notification");
  return frame;
}

describe("a request gets another id", () => {
  it.each([
    ['{"jsonrpc":"2.0","id":"a","method":"m"}', '{"jsonrpc":"2.0","id":7,"method":"m"}'],
    [
      '{"method":"m", "params":{"x":1.0,"_meta":{"progressToken":"t\\"","k":1e3}}, "id" : 12345678901234567890 ,"jsonrpc":"2.0"}',
      '{"method":"m", "params":{"x":1.0,"_meta":{"progressToken":7,"k":1e3}}, "id" : 7 ,"jsonrpc":"2.0"}',
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"m","params":{"id":5,"progressToken":2,"a":{"_meta":{"progressToken":3}}}}',
      '{"jsonrpc":"2.0","id":7,"method":"m","params":{"id":5,"progressToken":2,"a":{"_meta":{"progressToken":3}}}}',
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"progressToken":1,"progressToken":2}}}',
      '{"jsonrpc":"2.0","id":7,"method":"m","params":{"_meta":{"progressToken":7,"progressToken":7}}}',
    ],
  ])("%s", (text, expected) => {
    const frame = withIds(request(text), 7);
    expect(frame.line).toBe(expected);
    expect(frame.id).toBe(7);
    expect(frame.params).toEqual(JSON.parse(expected).params);
  });
});

describe("a response gets the id of its client back", () => {
  it.each([
    ['{"jsonrpc":"2.0","id":7,"result":{"id":7}}', '{"jsonrpc":"2.0","id":"a\\"b","result":{"id":7}}'],
    ['{"result":{"id":7},"jsonrpc":"2.0","id":7}', '{"result":{"id":7},"jsonrpc":"2.0","id":"a\\"b"}'],
    [
      '{"id": 7, "jsonrpc":"2.0", "error":{"code":1,"message":""}}',
      '{"id": "a\\"b", "jsonrpc":"2.0", "error":{"code":1,"message":""}}',
    ],
  ])("%s", (text, expected) => {
    const { line, id } = withResponseId(response(text), 'a"b');
    expect([line, id]).toEqual([expected, 'a"b']);
  });

  it("in a long line, which stays in its pieces", () => {
    const long = "x".repeat(50_000);
    for (const text of [
      `{"jsonrpc":"2.0","id":7,"result":{"t":"${long}"}}`,
      `{"result":{"t":"${long}"},"jsonrpc":"2.0","id":7}`,
    ]) {
      const bytes = Buffer.from(text);
      const line = new Pieces([bytes.subarray(0, 20_000), bytes.subarray(20_000)]);
      const own = withResponseId({ kind: "response", id: 7, failed: false, line }, 12n);
      expect(own.line).toBeInstanceOf(Pieces);
      expect(own.line.toString()).toBe(text.replace('"id":7', '"id":12'));
    }
  });

  it("when the gateway wrote it", () => {
    const fault = faultFrame(7, new GatewayError("process_exited", "gone"), "request-1");
    expect(JSON.parse(withResponseId(fault, "a").line.toString())).toMatchObject({
      id: "a",
      error: { code: -32603, data: { requestId: "request-1" } },
    });
  });
});

describe("a notification gets back what its client chose:", () => {
  it("the progress token", () => {
    const own = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1.0,"progressToken":7}}';
    const frame = withProgressToken(notification(own), "t");
    expect(frame.line).toBe(own.replace("7", '"t"'));
    expect(frame.params).toEqual({ progress: 1, progressToken: "t" });
  });

  it("the id of a subscription, as does its last answer", () => {
    const meta = (id: string): string => `"_meta":{"io.modelcontextprotocol/subscriptionId":${id}}`;
    const change = `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{${meta("7")}}}`;
    expect(withSubscriptionId(notification(change), "7").line).toBe(change.replace(":7}", ':"7"}'));
    const last = `{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete",${meta("7")}}}`;
    expect(withSubscriptionId(response(last), 5).line).toBe(last.replace(":7}", ":5}"));
  });
});
