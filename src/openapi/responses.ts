import type { JsonObject } from "./json.ts";
import type { Components, Operation, Response } from "./oas.ts";
import type { DocumentOptions } from "./options.ts";
import type { Profile } from "./profiles.ts";

type Responses = Operation["responses"];

/** The responses of a tool's operation; `output` is the schema of `structuredContent`. */
export function toolResponses(profile: Profile, output: JsonObject | undefined, accept: Accept): Responses {
  return WRITERS[profile.responses](output, accept);
}

type Accept = DocumentOptions["accept"];
type ResponseWriter = (output: JsonObject | undefined, accept: Accept) => Responses;

const WRITERS: Readonly<Record<Profile["responses"], ResponseWriter>> = {
  full: (output, accept) => ({
    "200": fullResult(output, accept),
    "4XX": { $ref: "#/components/responses/ClientError" },
    "5XX": { $ref: "#/components/responses/ServerError" },
  }),
  short: (output) => ({
    "200": { description: RESULT, content: { "application/json": { schema: callToolResult(output) } } },
    "4XX": { description: CLIENT_ERROR },
    "5XX": { description: SERVER_ERROR },
  }),
  minimal: () => ({ "200": { description: RESULT, content: { "application/json": { schema: briefResult() } } } }),
};

/** The components that operations refer to: those for tools, and those for issuing session ids. */
export function sharedComponents(hasTools: boolean, hasSessions: boolean): SharedComponents {
  if (!hasTools && !hasSessions) return { schemas: {}, responses: {} };
  const refused = problemResponse(CLIENT_ERROR);
  if (!hasTools) return { schemas: { Problem: problem() }, responses: { ClientError: refused } };
  return {
    schemas: { CallToolResult: callToolResult(undefined), Problem: problem() },
    responses: { ClientError: refused, ServerError: problemResponse(SERVER_ERROR) },
  };
}

type SharedComponents = Required<Pick<Components, "schemas" | "responses">>;

const RESULT = "The result of the tool. A tool that failed is reported here too, with `isError: true`.";
const CLIENT_ERROR = "The call was refused: something about the request, its credentials or its limits.";
const SERVER_ERROR = "The gateway or the MCP server behind it failed, or took too long.";

function fullResult(output: JsonObject | undefined, accept: Accept): Response {
  const base: JsonObject = { $ref: "#/components/schemas/CallToolResult" };
  const typed = output === undefined ? base : { allOf: [base, structured(output)] };
  return {
    description: RESULT,
    content: { "application/json": { schema: typed }, ...(accept === "all" && OTHER_FORMS) },
  };
}

/** What the other values of `Accept` bring. */
const OTHER_FORMS: Response["content"] = {
  "text/event-stream": {
    schema: { type: "string", description: "Events `progress` and `log`, then one `result` or `error`." },
  },
  "text/plain": { schema: { type: "string", description: "The text in `content` alone." } },
};

function structured(output: JsonObject): JsonObject {
  return { type: "object", properties: { structuredContent: output } };
}

function callToolResult(output: JsonObject | undefined): JsonObject {
  return {
    type: "object",
    required: ["content"],
    properties: {
      content: { type: "array", description: "What the tool returned, in order.", items: contentBlock() },
      structuredContent: output ?? { description: "The same as data, from tools that declare an output schema." },
      isError: { type: "boolean", description: "Whether the tool failed; `content` then says why." },
      _meta: { type: "object", properties: {}, additionalProperties: true },
    },
  };
}

function contentBlock(): JsonObject {
  return {
    type: "object",
    required: ["type"],
    properties: {
      type: { type: "string", description: "`text`, `image`, `audio`, `resource_link` or `resource`." },
      text: { type: "string", description: "Of `text`." },
      data: { type: "string", description: "Base64, of `image` and `audio`." },
      mimeType: { type: "string" },
      uri: { type: "string", description: "Of `resource_link`." },
      name: { type: "string", description: "Of `resource_link`." },
      resource: { type: "object", properties: {}, additionalProperties: true, description: "Of `resource`." },
    },
    additionalProperties: true,
  };
}

/** The minimum a model needs to read a result, because the document has a size limit. */
function briefResult(): JsonObject {
  const block = { type: "object", properties: { type: { type: "string" }, text: { type: "string" } } };
  return {
    type: "object",
    properties: {
      content: { type: "array", items: block },
      structuredContent: { type: "object", properties: {} },
      isError: { type: "boolean" },
    },
  };
}

function problemResponse(description: string): Response {
  return { description, content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } };
}

/** An RFC 9457 problem with the gateway's extension members. */
function problem(): JsonObject {
  return {
    type: "object",
    required: ["type", "title", "status", "code"],
    properties: {
      type: { type: "string", description: "The URL of a page about this kind of problem." },
      title: { type: "string" },
      status: { type: "integer" },
      detail: { type: "string", description: "One sentence about this occurrence." },
      instance: { type: "string", description: "`/requests/<requestId>`." },
      code: { type: "string", description: "Stable, for use by programs." },
      reason: { type: "string", description: "The exact reason, where `code` covers several." },
      requestId: { type: "string" },
      server: { type: "string" },
      tool: { type: "string" },
      retryable: { type: "boolean" },
      errors: {
        type: "array",
        description: "Each argument that does not match the tool's schema.",
        items: argumentError(),
      },
      rpc: rpcError(),
      exit: { type: "object", description: "How the server process ended.", properties: exitMembers() },
    },
    additionalProperties: true,
  };
}

function argumentError(): JsonObject {
  return {
    type: "object",
    properties: {
      pointer: { type: "string", description: "JSON Pointer into the arguments." },
      keyword: { type: "string" },
      message: { type: "string" },
      expected: { description: "What the schema asks for there." },
    },
  };
}

function rpcError(): JsonObject {
  return {
    type: "object",
    description: "The JSON-RPC error of the server.",
    properties: { code: { type: "integer" }, message: { type: "string" }, data: { description: "Anything." } },
  };
}

function exitMembers(): JsonObject {
  return { code: { type: "integer" }, signal: { type: "string" } };
}
