import { isObject, member, type JsonObject } from "../lib/json.ts";
import { methods } from "./methods.ts";
import type { Principal } from "./principal.ts";

export type TargetKind = "tool" | "prompt" | "resource";

/** What a method is about: a tool, a prompt, a resource (by URI or URI template). */
export interface Target {
  readonly kind: TargetKind;
  /** Undefined when the message does not say it as text. */
  readonly name: string | undefined;
}

/** Something that a principal wants to do on a server. */
export interface Action {
  readonly server: string;
  /** The MCP method, also one that the gateway does not know. */
  readonly method: string;
  readonly target?: Target | undefined;
}

export interface Decision {
  readonly isAllowed: boolean;
  /** What decided, as a path in the configuration: `policy.rules[1].deny`, `policy.default`. */
  readonly rule: string;
  /** The scopes that would have been sufficient, when a lack of scopes is the reason. */
  readonly scopes?: readonly string[] | undefined;
}

/** Who may do what. Pure and synchronous: asked before every call and for every entry of a list. */
export interface Policy {
  /** Whether a refusal tells that it is one; otherwise what is refused looks as if it did not exist. */
  readonly reveals: boolean;
  decide(principal: Principal, action: Action): Decision;
  /** Whether the principal may do anything at all on the server; if not, there is no such server for it. */
  sees(principal: Principal, server: string): boolean;
  /** Whether the principal may watch the server in the console, and what others do there: only if a rule says so. */
  opensConsole(principal: Principal, server: string): boolean;
  /** Principals with equal keys are decided alike in everything. */
  viewKey(principal: Principal): string;
}

/** The action that a request of a client, or a notification, asks for. */
export function actionOf(server: string, method: string, params: JsonObject | undefined): Action {
  return { server, method, target: targetOf(method, params) };
}

/** The action of using an entry of a list. */
export const useOf = (server: string, kind: TargetKind, name: string): Action => ({
  server,
  method: USES[kind],
  target: { kind, name },
});

const USES = { tool: methods.callTool, prompt: methods.getPrompt, resource: methods.readResource } as const;

function targetOf(method: string, params: JsonObject | undefined): Target | undefined {
  switch (method) {
    case methods.callTool:
      return { kind: "tool", name: textIn(params?.["name"]) };
    case methods.getPrompt:
      return { kind: "prompt", name: textIn(params?.["name"]) };
    case methods.readResource:
    case methods.subscribe:
    case methods.unsubscribe:
    case methods.resourceUpdated:
      return { kind: "resource", name: textIn(params?.["uri"]) };
    case methods.complete:
      return referred(params?.["ref"]);
    default:
      return undefined;
  }
}

/** `ref` of `completion/complete` (MCP, utilities, completion). */
function referred(ref: unknown): Target | undefined {
  if (!isObject(ref)) return undefined;
  const type = member(ref, "type");
  if (type === "ref/prompt") return { kind: "prompt", name: textIn(member(ref, "name")) };
  return type === "ref/resource" ? { kind: "resource", name: textIn(member(ref, "uri")) } : undefined;
}

const textIn = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
