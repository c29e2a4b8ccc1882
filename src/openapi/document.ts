import type { InfoObject, TagObject } from "openapi3-ts/oas31";
import { toolsOf, type ServerTools } from "./server-tools.ts";
import { describeTools, type Entry } from "./entries.ts";
import { gptLimitProblems } from "./gpt-lint.ts";
import { warningsAbout } from "./limits.ts";
import type { Components, Document, PathItem } from "./oas.ts";
import { sessionOperation } from "./operation.ts";
import type { DocumentOptions } from "./options.ts";
import { sessionPath } from "./path.ts";
import { PROFILES } from "./profiles.ts";
import { sharedComponents } from "./responses.ts";
import { security, type Security } from "./security.ts";
import { someText } from "../lib/text.ts";

export interface DocumentResult {
  readonly document: Document;
  /** What was left out, and why. */
  readonly warnings: readonly string[];
  /** Why the target client will reject the whole document, and what to remove. */
  readonly limitProblems: readonly string[];
}

/** Describes the tools of `servers` as OpenAPI. Deterministic: the same input gives identical bytes. */
export function openapiDocument(servers: readonly ServerTools[], options: DocumentOptions): DocumentResult {
  const warnings: string[] = [];
  const tools = servers.flatMap((server) => toolsOf(server, warningsAbout(server.name, warnings)));
  const entries = describeTools(tools, options, warnings);
  const sessions = sessionPaths(options);
  const access = security(options.security, options.profile);
  const document: Document = {
    openapi: options.version === "3.1" ? "3.1.0" : "3.0.3",
    info: info(options),
    servers: [{ url: serverUrl(options, warnings) }],
    security: access.requirements,
    tags: tags(servers, entries, sessions),
    paths: { ...sessions, ...Object.fromEntries(entries.map(({ path, operation }) => [path, { post: operation }])) },
    ...components(entries, sessions, access),
  };
  return { document, warnings, limitProblems: options.profile === "gpt" ? gptLimitProblems(document) : [] };
}

function info({ info: given, profile, sessionParameter }: DocumentOptions): InfoObject {
  const explainsSessions = profile === "gpt" && sessionParameter === "required";
  const description = [given.description, explainsSessions ? HOW_SESSIONS_WORK : undefined].filter(
    (text) => text !== undefined,
  );
  return {
    title: given.title,
    version: given.version,
    ...(description.length === 0 ? {} : { description: description.join("\n\n") }),
  };
}

const HOW_SESSIONS_WORK =
  "Every call needs a sessionId. At the start of a conversation make up one random id of 20 letters and digits, and " +
  "send the same id with every call of that conversation: calls with the same id share the state of the tools.";

function serverUrl({ baseUrl, profile }: DocumentOptions, warnings: string[]): string {
  if (profile === "gpt" && !baseUrl.startsWith("https://")) {
    warnings.push(`GPT Actions only calls https URLs: set publicUrl (it is ${baseUrl} now)`);
  }
  return baseUrl.replace(/(?<=.)\/$/, "");
}

type Paths = Readonly<Record<string, PathItem>>;

/** The operation that issues session ids is included only for profiles and layouts that can use it. */
function sessionPaths({ profile, sessionParameter, layout }: DocumentOptions): Paths {
  const path = PROFILES[profile].mintsSessions && sessionParameter !== "absent" ? sessionPath(layout) : undefined;
  return path === undefined ? {} : { [path]: { get: sessionOperation() } };
}

function tags(servers: readonly ServerTools[], entries: readonly Entry[], sessions: Paths): readonly TagObject[] {
  const used = new Set(entries.flatMap(({ operation }) => operation.tags));
  const session = isEmpty(sessions) ? [] : [{ name: "sessions", description: "Shared state between calls." }];
  return [...session, ...servers.filter(({ name }) => used.has(name)).map((server) => serverTag(server))];
}

function serverTag(server: ServerTools): TagObject {
  const title = someText(server.title);
  const version = someText(server.version);
  const description = someText(server.description) ?? someText(server.instructions) ?? title;
  return {
    name: server.name,
    description: description ?? `Tools of the MCP server ${server.name}.`,
    ...(title === undefined ? {} : { "x-displayName": title }),
    ...(version === undefined ? {} : { "x-mcp-version": version }),
  };
}

/** Only components that are referenced, and no empty maps, which linters report. */
function components(entries: readonly Entry[], sessions: Paths, { schemes }: Security): Pick<Document, "components"> {
  const shared = sharedComponents(entries.some(refersToComponents), !isEmpty(sessions));
  const schemas = { ...shared.schemas, ...Object.fromEntries(entries.flatMap((entry) => entry.components)) };
  const all: Components = {
    ...(isEmpty(schemas) ? {} : { schemas }),
    ...(isEmpty(shared.responses) ? {} : { responses: shared.responses }),
    ...(isEmpty(schemes) ? {} : { securitySchemes: schemes }),
  };
  return isEmpty(all) ? {} : { components: all };
}

function refersToComponents({ operation }: Entry): boolean {
  return Object.values(operation.responses).some((response) => "$ref" in response);
}

function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0;
}
