import type { Document, Operation } from "./oas.ts";
import { lintSchema } from "./gpt-lint-schema.ts";
import { quoted } from "../lib/text.ts";
import { toJson } from "./serialize.ts";

/** Limits that OpenAI documents for GPT Actions or that its importer enforces. */
const MAX_OPERATIONS = 30;
/** The limit is 1 MB, but how it is measured is not documented; a fifth is kept in reserve. */
const MAX_BYTES = 800_000;
const MAX_TEXT = 300;
const MAX_PARAMETER_TEXT = 700;
const OPERATION_ID = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_LISTED = 50;

/** Why GPT Actions would reject the whole document, and which tools to remove. */
export function gptLimitProblems(document: Document): readonly string[] {
  return [...countProblems(document), ...sizeProblems(document)];
}

/** Everything in the document that GPT Actions would reject, ignore or misread, each with its location. */
export function lintForGpt(document: Document): readonly string[] {
  const operations = operationsOf(document);
  return [
    ...gptLimitProblems(document),
    ...serverProblems(document),
    ...securityProblems(document),
    ...idProblems(operations),
    ...operations.flatMap(({ operation }) =>
      operationProblems(operation).map((problem) => `${operation.operationId}: ${problem}`),
    ),
  ];
}

function countProblems(document: Document): readonly string[] {
  const operations = operationsOf(document);
  if (operations.length <= MAX_OPERATIONS) return [];
  const surplus = operations.slice(MAX_OPERATIONS).map(nameOf);
  return [
    `GPT Actions allows ${MAX_OPERATIONS} operations, but this document has ${operations.length}: ` +
      `select some with tool patterns; beyond the limit are ${listed(surplus)}`,
  ];
}

function sizeProblems(document: Document): readonly string[] {
  const bytes = Buffer.byteLength(toJson(document));
  if (bytes <= MAX_BYTES) return [];
  const sizes = operationsOf(document).map((entry) => ({
    entry,
    size: JSON.stringify(entry.operation, null, 2).length,
  }));
  const largest = sizes.toSorted((a, b) => b.size - a.size).slice(0, 10);
  return [
    `GPT Actions allows about ${MAX_BYTES} bytes of pretty JSON, but this document has ${bytes}: ` +
      `select smaller tools with tool patterns; the largest are ${listed(largest.map(({ entry }) => nameOf(entry)))}`,
  ];
}

interface PlacedOperation {
  readonly path: string;
  readonly operation: Operation;
}

function operationsOf(document: Document): readonly PlacedOperation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    [item.get, item.post].filter((operation) => operation !== undefined).map((operation) => ({ path, operation })),
  );
}

function nameOf({ operation, path }: PlacedOperation): string {
  const { "x-mcp-server": server, "x-mcp-tool": tool } = operation;
  return typeof server === "string" && typeof tool === "string" ? quoted(`${server}:${tool}`) : path;
}

function listed(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return `${names.slice(0, MAX_LISTED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function serverProblems({ servers }: Document): readonly string[] {
  const urls = servers.map(({ url }) => url);
  if (urls.length !== 1) return ["servers: exactly one is allowed"];
  return urls.filter((url) => !url.startsWith("https://")).map((url) => `servers: ${url} is not https`);
}

function securityProblems({ security, components }: Document): readonly string[] {
  const schemes = Object.values(components?.securitySchemes ?? {});
  const kinds = schemes
    .filter(({ type }) => type === "openIdConnect")
    .map(() => "security: OpenID Connect is not supported");
  return schemes.length > 1 || security.length > 1 ? ["security: only one scheme is allowed", ...kinds] : kinds;
}

function idProblems(operations: readonly PlacedOperation[]): readonly string[] {
  const ids = operations.map(({ operation }) => operation.operationId);
  const malformed = ids.filter((id) => !OPERATION_ID.test(id)).map((id) => `${id}: not an operationId`);
  const twice = ids.map((id) => id.toLowerCase()).filter((id, index, all) => all.indexOf(id) !== index);
  return [...malformed, ...twice.map((id) => `${id}: used twice`)];
}

function operationProblems(operation: Operation): readonly string[] {
  const isConsequential = operation["x-openai-isConsequential"];
  return [
    ...tooLong("summary", operation.summary, MAX_TEXT),
    ...tooLong("description", operation.description, MAX_TEXT),
    ...(typeof isConsequential === "boolean" ? [] : ["x-openai-isConsequential is missing: ChatGPT asks every time"]),
    ...parameterProblems(operation),
    ...bodyProblems(operation),
    ...responseProblems(operation),
  ];
}

function parameterProblems({ parameters = [] }: Operation): readonly string[] {
  return parameters.flatMap((parameter) => {
    const where = `parameter ${parameter.name}`;
    const isQuery = parameter.in === "query" && typeof parameter.name === "string";
    return [
      ...(isQuery ? [] : [`${where}: only query parameters with a name are sent`]),
      ...tooLong(where, parameter.description, MAX_PARAMETER_TEXT),
      ...lintSchema(parameter.schema, where, MAX_PARAMETER_TEXT),
    ];
  });
}

function bodyProblems({ requestBody }: Operation): readonly string[] {
  if (requestBody === undefined) return [];
  const schema = requestBody.content["application/json"]?.schema;
  if (schema === undefined) return ["body: only application/json is sent"];
  const isObject = schema["type"] === "object" ? [] : ["body: its schema is not an object schema"];
  return [...isObject, ...lintSchema(schema, "body", MAX_PARAMETER_TEXT)];
}

function responseProblems({ responses }: Operation): readonly string[] {
  return Object.entries(responses).flatMap(([status, response]) => {
    if ("$ref" in response) return [`response ${status}: references are not followed`];
    if (status !== "200") return response.content === undefined ? [] : [`response ${status}: its body is ignored`];
    const schema = response.content?.["application/json"]?.schema;
    return schema === undefined ? ["response 200: no JSON"] : lintSchema(schema, "response 200", MAX_PARAMETER_TEXT);
  });
}

function tooLong(where: string, text: string, limit: number): readonly string[] {
  return text.length > limit ? [`${where}: ${text.length} characters, but at most ${limit} are allowed`] : [];
}
