import { isObject, member, type JsonObject } from "../lib/json.ts";
import { closingEnd } from "../lib/byte-scan.ts";
import { scanKeys, valueEnd } from "../lib/json-scan.ts";
import type { Line } from "../lib/lines.ts";
import type { Pieces } from "../lib/pieces.ts";

const TO_RESULT = /^\{"jsonrpc":"2\.0","id":(?:"[^"\\]*"|-?\d{1,15}),"result":/;
const AFTER_RESULT = /,"jsonrpc":"2\.0","id":(?:"[^"\\]*"|-?\d{1,15})\}$/;
const RESULT_FIRST = '{"result":';
const ENDS = 160;

/** The text of `result` in a response line, exactly as the server wrote it. */
export function resultText(line: Line): Line {
  return typeof line === "string" ? ofText(line) : (ofBytes(line) ?? ofText(line.toString()));
}

/** The members of `error` in a response line. */
export function errorOf(line: Line): { code: number; message: string; data: unknown } {
  const error = member(JSON.parse(line.toString()), "error");
  const [code, message] = [member(error, "code"), member(error, "message")];
  return {
    code: typeof code === "number" ? code : 0,
    message: typeof message === "string" ? message : "",
    data: member(error, "data"),
  };
}

/** The parsed `result` of a response line. */
export function resultOf(line: Line): JsonObject {
  const result: unknown = JSON.parse(resultText(line).toString());
  return isObject(result) ? result : {};
}

function ofText(line: string): string {
  const head = TO_RESULT.exec(line)?.[0];
  if (head !== undefined) {
    const text = line.slice(head.length, -1);
    // Members after the result would end in `}` as well; only a scan can tell them apart.
    if (valueEnd(line, head.length) === line.length - 1) return text;
  }
  let text = "{}";
  scanKeys(line, 1, ({ key, depth, valueAt }) => {
    if (depth === 1 && key === "result") text = line.slice(valueAt, valueEnd(line, valueAt));
  });
  return text;
}

/**
 * Cuts the result out of a long response by its first and last bytes, as `server-frame.ts` read the envelope; the scan verifies
 * that there are no other members.
 */
function ofBytes(line: Pieces): Pieces | undefined {
  const head = TO_RESULT.exec(line.head(ENDS))?.[0];
  const tail = AFTER_RESULT.exec(line.tail(ENDS))?.[0];
  const start = head?.length ?? RESULT_FIRST.length;
  const end = line.length - (head === undefined ? (tail?.length ?? 0) : 1);
  if (head === undefined && (tail === undefined || line.head(start) !== RESULT_FIRST)) return undefined;
  return closingEnd(line, start) === end ? line.slice(start, end) : undefined;
}
