import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ProgressNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import * as v2 from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { connectCommand, stdioTransport, type Env } from "./connect-command.ts";
import { connectSdk, textIn } from "./sdk-client.ts";

/** What both SDKs can do, under one name, so that one suite of checks drives either. */
export interface SuiteClient extends AsyncDisposable {
  tools(): Promise<string[]>;
  /** The text of the result. With a token, the server is asked to tell the progress. */
  call(name: string, args?: Record<string, unknown>, progressToken?: string): Promise<string>;
  prompt(name: string, args: Record<string, string>): Promise<string>;
  completion(prompt: string, name: string, value: string): Promise<string[]>;
  read(uri: string): Promise<string>;
  subscribe(uri: string): Promise<unknown>;
  /** The URIs of the resources of which it heard that they have changed. */
  readonly updated: readonly string[];
  /**
   * The tokens and steps of which it heard. The SDKs forget who waits for progress with the answer, and handle what has come before it in
   * the same read only afterwards.
   */
  readonly steps: readonly string[];
}

export const SDKS = ["v1", "v2"] as const;

const CAPABILITIES = { sampling: {}, elicitation: {}, roots: { listChanged: true } };
const WORDS = { action: "accept", content: { name: "Ada", check: true } } as const;
const ROOTS = { roots: [{ uri: "file:///home/ada", name: "home" }] };

const sample = (content: unknown): { model: string; role: "assistant"; content: { type: "text"; text: string } } => ({
  model: "none",
  role: "assistant",
  content: { type: "text", text: `sampled: ${JSON.stringify(content)}` },
});

/** A stdio client of the command, which answers whatever it is asked. */
export function suiteClient(sdk: (typeof SDKS)[number], args: readonly string[], env: Env): Promise<SuiteClient> {
  return sdk === "v1" ? clientV1(args, env) : clientV2(args, env);
}

async function clientV1(args: readonly string[], env: Env): Promise<SuiteClient> {
  const [updated, steps]: [string[], string[]] = [[], []];
  const client = await connectSdk(stdioTransport(args, env).transport, {
    options: { capabilities: CAPABILITIES },
    before: (made) => {
      made.setRequestHandler(CreateMessageRequestSchema, ({ params }) => sample(params.messages[0]?.content));
      made.setRequestHandler(ElicitRequestSchema, () => WORDS);
      made.setRequestHandler(ListRootsRequestSchema, () => ROOTS);
      made.setNotificationHandler(ProgressNotificationSchema, ({ params }) => void steps.push(stepOf(params)));
      made.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
    },
  });
  return {
    updated,
    steps,
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, called = {}, token) =>
      textIn(await client.callTool({ name, arguments: called, ...withToken(token) })),
    prompt: async (name, given) => JSON.stringify((await client.getPrompt({ name, arguments: given })).messages),
    completion: async (prompt, name, value) => {
      const ref = { type: "ref/prompt" as const, name: prompt };
      return (await client.complete({ ref, argument: { name, value } })).completion.values;
    },
    read: async (uri) => JSON.stringify((await client.readResource({ uri })).contents),
    subscribe: (uri) => client.subscribeResource({ uri }),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function clientV2(args: readonly string[], env: Env): Promise<SuiteClient> {
  const [updated, steps]: [string[], string[]] = [[], []];
  const client = new v2.Client({ name: "v2", version: "1" }, { capabilities: CAPABILITIES });
  client.setRequestHandler("sampling/createMessage", ({ params }) => sample(params.messages[0]?.content));
  client.setRequestHandler("elicitation/create", () => WORDS);
  client.setRequestHandler("roots/list", () => ROOTS);
  client.setNotificationHandler("notifications/progress", ({ params }) => void steps.push(stepOf(params)));
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri));
  await client.connect(new StdioV2({ ...connectCommand(args, env), stderr: "ignore" }));
  return {
    updated,
    steps,
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, called = {}, token) =>
      textIn(await client.callTool({ name, arguments: called, ...withToken(token) })),
    prompt: async (name, given) => JSON.stringify((await client.getPrompt({ name, arguments: given })).messages),
    completion: async (prompt, name, value) => {
      const ref = { type: "ref/prompt" as const, name: prompt };
      return (await client.complete({ ref, argument: { name, value } })).completion.values;
    },
    read: async (uri) => JSON.stringify((await client.readResource({ uri })).contents),
    subscribe: (uri) => client.subscribeResource({ uri }),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

const withToken = (progressToken: string | undefined): object =>
  progressToken === undefined ? {} : { _meta: { progressToken } };

const stepOf = ({ progressToken, progress }: { progressToken: string | number; progress: number }): string =>
  `${progressToken}: ${progress}`;
