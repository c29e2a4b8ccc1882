import type { Principal } from "./principal.ts";

/** What a method is about: a tool, a prompt, a resource (by URI or URI template). */
export interface Target {
  readonly kind: "tool" | "prompt" | "resource";
  readonly name: string;
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
  /** Principals with equal keys are decided alike in everything. */
  viewKey(principal: Principal): string;
}
