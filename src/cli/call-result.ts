import { isObject, type JsonObject } from "../lib/json.ts";
import { plainText } from "../lib/text.ts";

export interface ResultText {
  readonly text: string;
  /** What a text cannot show. */
  readonly notes: readonly string[];
}

/** The result of a tool for a person, or for the next program in a pipe: its texts, else what is structured in it. */
export function textOfResult(result: JsonObject): ResultText {
  const { content, structuredContent } = result;
  const blocks = Array.isArray(content) ? (content as readonly unknown[]).filter(isObject) : [];
  const texts = blocks.flatMap((block) => textOfBlock(block) ?? []);
  const notes = blocks.flatMap((block) => (textOfBlock(block) === undefined ? [noteOf(block)] : []));
  if (texts.length === 0 && structuredContent !== undefined)
    return { text: JSON.stringify(structuredContent, undefined, 2), notes };
  return { text: texts.join("\n"), notes };
}

/** MCP 2025-11-25, tools, tool result. */
function textOfBlock({ type, text, uri, resource }: JsonObject): string | undefined {
  if (type === "text" && typeof text === "string") return text;
  if (type === "resource_link" && typeof uri === "string") return uri;
  if (type === "resource" && isObject(resource) && typeof resource["text"] === "string") return resource["text"];
  return undefined;
}

function noteOf({ type, data, mimeType, resource }: JsonObject): string {
  const blob = isObject(resource) ? resource["blob"] : data;
  const kind = isObject(resource) ? resource["mimeType"] : mimeType;
  const size = typeof blob === "string" ? `, ${blob.length} characters of base64` : "";
  return `not shown: ${plainText(type) ?? "something"} (${plainText(kind) ?? "of no type"}${size}); --json prints it`;
}
