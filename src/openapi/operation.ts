import type { Tool } from "../protocol/tool.ts";
import { copyJson, isJsonObject, type Json } from "./json.ts";
import { DATA_LEVELS } from "./limits.ts";
import type { Operation, Parameter } from "./oas.ts";
import type { DocumentOptions } from "./options.ts";
import type { Profile, SessionParameter } from "./profiles.ts";
import { toolResponses } from "./responses.ts";
import { clip, plainText } from "../lib/text.ts";
import type { ToolSchemas } from "./tool-schemas.ts";

type Schemas = Pick<ToolSchemas, "input" | "output">;

export interface OperationOptions {
  readonly operationId: string;
  readonly profile: Profile;
  readonly sessionParameter: SessionParameter;
  readonly accept: DocumentOptions["accept"];
  /** Whether ChatGPT must ask the user before each call; only set for ChatGPT. */
  readonly isConsequential?: boolean;
}

/** `POST …/<tool>`: the arguments are the request body, the CallToolResult is the response. */
export function toolOperation(tool: Tool, schemas: Schemas, calling: OperationOptions): Operation {
  const { operationId, profile, isConsequential } = calling;
  const name = plainText(tool.name) ?? "";
  const description = tool.description ?? tool.title ?? `Calls the tool ${name} of ${tool.server}.`;
  return {
    operationId,
    summary: clip(tool.title ?? name, profile.summaryChars),
    description: clip(description, profile.descriptionChars),
    tags: [tool.server],
    ...sessionParameters(calling.sessionParameter),
    ...requestBody(schemas.input),
    responses: toolResponses(profile, schemas.output, calling.accept),
    "x-mcp-server": tool.server,
    "x-mcp-tool": tool.name,
    ...(isConsequential === undefined ? hints(tool) : { "x-openai-isConsequential": isConsequential }),
  };
}

/** Issues a session id; optional, because callers may also generate one themselves. */
export function sessionOperation(): Operation {
  const schema = { type: "object", required: ["sessionId"], properties: { sessionId: { type: "string" } } };
  return {
    operationId: "getSessionId",
    summary: "Get a session id",
    description: "Returns a new, unguessable session id. Calls that share one share the state of their MCP servers.",
    tags: ["sessions"],
    responses: {
      "200": { description: "A session id.", content: { "application/json": { schema } } },
      "4XX": { $ref: "#/components/responses/ClientError" },
    },
  };
}

function sessionParameters(wanted: SessionParameter): { readonly parameters?: readonly Parameter[] } {
  if (wanted === "absent") return {};
  const parameter: Parameter = {
    name: "sessionId",
    in: "query",
    required: wanted === "required",
    description:
      "Calls with the same sessionId share the state of the MCP server. You can use any random id of your own.",
    schema: { type: "string", minLength: 8, maxLength: 128, pattern: "^[A-Za-z0-9._~-]+$" },
  };
  return { parameters: [parameter] };
}

function requestBody(input: ToolSchemas["input"]): Pick<Operation, "requestBody"> {
  if (input === undefined) return {};
  return { requestBody: { required: input.isRequired, content: { "application/json": { schema: input.schema } } } };
}

function hints(tool: Tool): Readonly<Record<`x-${string}`, Json>> {
  const { taskSupport } = tool;
  const annotations = copyJson(tool.annotations, DATA_LEVELS);
  return {
    ...(isJsonObject(annotations) ? { "x-mcp-annotations": annotations } : {}),
    ...(taskSupport === "forbidden" ? {} : { "x-mcp-task-support": taskSupport }),
  };
}
