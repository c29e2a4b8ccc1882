import { member } from "../../src/lib/json.ts";
import type { ServerTools } from "../../src/openapi/server-tools.ts";
import { openapiDocument } from "../../src/openapi/document.ts";
import type { JsonObject } from "../../src/openapi/json.ts";
import type { Operation } from "../../src/openapi/oas.ts";
import type { DocumentOptions } from "../../src/openapi/options.ts";
import { toolsListed } from "../helpers/tools.ts";

export const options: DocumentOptions = {
  version: "3.1",
  profile: "full",
  baseUrl: "https://mcp.acme.dev",
  layout: "root",
  security: [{ kind: "bearer" }],
  sessionParameter: "required",
  info: { title: "MCP Gateway Tools", version: "1.0.0", description: "Tools of MCP servers." },
};

/** A server `git` with these tools. */
export function git(...tools: readonly unknown[]): ServerTools[] {
  return [{ name: "git", tools: toolsListed("git", tools) }];
}

export interface OneTool {
  readonly operation: Operation;
  /** The schema of the arguments; undefined when none are taken. */
  readonly input: JsonObject | undefined;
  readonly schemas: Readonly<Record<string, JsonObject>>;
  readonly warnings: readonly string[];
}

/** How a document of one tool `git/log` describes it. */
export function describeTool(tool: object, overrides: Partial<DocumentOptions> = {}): OneTool {
  // The unchanged schemas: the reader would replace those nested too deep.
  const schemas = { inputSchema: member(tool, "inputSchema"), outputSchema: member(tool, "outputSchema") };
  const tools = toolsListed("git", [{ name: "log", ...tool }]).map((read) => ({ ...read, ...schemas }));
  const { document, warnings } = openapiDocument([{ name: "git", tools }], { ...options, ...overrides });
  const operation = document.paths["/api/git/log"]?.post;
  if (operation === undefined) throw new Error(`not described: ${warnings.join("; ")}`);
  const input = operation.requestBody?.content["application/json"]?.schema;
  return { operation, input, schemas: document.components?.schemas ?? {}, warnings };
}

/** How a property `p` with this schema is described. */
export function describeProperty(schema: unknown, overrides: Partial<DocumentOptions> = {}): JsonObject {
  const { input } = describeTool({ inputSchema: { type: "object", properties: { p: schema } } }, overrides);
  const properties = input?.["properties"];
  return JSON.parse(JSON.stringify(properties)).p;
}
