import { isObject, member, type JsonObject } from "../lib/json.ts";
import { scanKeys, valueEnd } from "../lib/json-scan.ts";
import type { Line } from "../lib/lines.ts";

const TO_RESULT = /^\{"jsonrpc":"2\.0","id":(?:"[^"\\]*"|-?\d{1,15}),"result":/;
const AFTER_RESULT = /,"jsonrpc":"2\.0","id":(?:"[^"\\]*"|-?\d{1,15})\}$/;
const ENDS = 160;

/** The text of `result` in the line of a response, exactly as the server wrote it. */
export function resultText(line: Line): Line {
  return typeof line === "string" ? ofText(line) : (ofBytes(line) ?? ofText(line.toString("utf8")));
}

/** The members of `error` in the line of a response. */
export function errorOf(line: Line): { code: number; message: string; data: unknown } {
  const error = member(JSON.parse(line.toString()), "error");
  const [code, message] = [member(error, "code"), member(error, "message")];
  return {
    code: typeof code === "number" ? code : 0,
    message: typeof message === "string" ? message : "",
    data: member(error, "data"),
  };
}

/** The result of a response as a value. */
export function resultOf(line: Line): JsonObject {
  const result: unknown = JSON.parse(resultText(line).toString());
  return isObject(result) ? result : {};
}

function ofText(line: string): string {
  const head = TO_RESULT.exec(line)?.[0];
  if (head !== undefined) {
    const text = line.slice(head.length, -1);
    // Whatever follows the result would end in `}` as well: only a scan can tell.
    if (valueEnd(line, head.length) === line.length - 1) return text;
  }
  let text = "{}";
  scanKeys(line, 1, ({ key, depth, valueAt }) => {
    if (depth === 1 && key === "result") text = line.slice(valueAt, valueEnd(line, valueAt));
  });
  return text;
}

/** A long answer is cut by its ends, as its envelope was read (`server-frame.ts`). */
function ofBytes(line: Buffer): Buffer | undefined {
  const head = TO_RESULT.exec(line.toString("latin1", 0, ENDS))?.[0];
  if (head !== undefined) {
    // One byte, one character: the places are the same. Whatever follows the result would end in `}` too.
    const end = valueEnd(line.toString("latin1"), head.length);
    return end === line.length - 1 ? line.subarray(head.length, end) : undefined;
  }
  const tail = AFTER_RESULT.exec(line.toString("latin1", line.length - ENDS))?.[0];
  const start = '{"result":'.length;
  if (tail === undefined || line.toString("latin1", 0, start) !== '{"result":') return undefined;
  const end = valueEnd(line.toString("latin1"), start);
  return end === line.length - tail.length ? line.subarray(start, end) : undefined;
}
