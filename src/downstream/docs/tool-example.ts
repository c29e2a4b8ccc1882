import { clip } from "../../lib/text.ts";
import { isJsonObject, type JsonObject } from "../../openapi/json.ts";
import type { Charge } from "../../openapi/limits.ts";
import { exampleObject, exampleValue } from "./example-value.ts";
import { html, type Html } from "./html.ts";
import type { Credential } from "./snippets/credential.ts";
import { headerOption, shellWord } from "./snippets/snippet.ts";

export interface ExamplePlace {
  /** Of the tool, with the address of the gateway before it. */
  readonly url: string;
  readonly credential: Credential | undefined;
  readonly charge: Charge;
}

const CHARACTERS = 4_000;

/** What a call looks like in a shell, and what it is answered: made from the schemas, so that both can be read before the first call. */
export function toolExample(input: JsonObject, output: JsonObject | undefined, place: ExamplePlace): Html | undefined {
  const request = exampleRequest(exampleObject(input), place);
  const answer = printable(exampleAnswer(output), 2);
  if (request.length + answer.length > CHARACTERS || !place.charge(request.length + answer.length)) return undefined;
  return html`<div class="example">
    ${exampleBlock("Example request", request)} ${exampleBlock("Example answer", answer)}
  </div>`;
}

const exampleBlock = (label: string, text: string): Html =>
  html`<figure class="copyable">
    <figcaption>${label}</figcaption>
    <button type="button" class="quiet" data-copy aria-label="${`Copy the ${label.toLowerCase()}`}">Copy</button>
    <pre tabindex="0" aria-label="${label}" data-code>${text}</pre>
  </figure>`;

/** What is longer stands on several lines. */
const LINE = 40;

function exampleRequest(given: JsonObject, { url, credential }: ExamplePlace): string {
  const line = printable(given);
  return [
    `curl -sS ${shellWord(`${url}?sessionId=my-session`)}`,
    ...(credential === undefined ? [] : [` ${headerOption("-H", credential)}`]),
    `  -H 'Content-Type: application/json'`,
    `  -d ${shellWord(line.length > LINE ? printable(given, 2) : line)}`,
  ].join(" \\\n");
}

/** As MCP has it (2025-11-25, tools, tool result): a result that has a structure says the same as text too. */
function exampleAnswer(output: JsonObject | undefined): JsonObject {
  if (output === undefined) return { content: [{ type: "text", text: "what the tool says" }] };
  const value = isJsonObject(output["properties"]) ? exampleObject(output, undefined, true) : exampleValue(output);
  return { content: [{ type: "text", text: clip(printable(value), 300) }], structuredContent: value };
}

/**
 * JSON that a person may paste into a shell: in ASCII nothing but what can be seen, whatever a server put into its schema. Other
 * letters stay as they are; control characters, marks of direction and unusual blanks are escaped.
 */
function printable(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent);
  return text.replaceAll(/[^\P{C}\n]|[^\P{Z} ]/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(""),
  );
}

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, "0")}`;
