import { isObject, member, type JsonObject } from "../../lib/json.ts";
import { folded } from "../../lib/lookalikes.ts";
import type { NotificationFrame, RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import { encodeId, requestLine, type RequestId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import { actionOf, useOf, type Policy } from "../../protocol/policy.ts";
import type { Principal } from "../../protocol/principal.ts";
import type { Screen, ScreenedRequest } from "../../protocol/screen.ts";
import { CACHEABLE, withPrivateScope } from "./cache-scope.ts";
import { filteredList, LISTINGS } from "./listings.ts";
import { StandIn } from "./stand-in.ts";

/** Makes what a principal may not use look as if the server did not have it. */
export class PolicyScreen implements Screen {
  readonly #policy: Policy;
  readonly #standIn = new StandIn();

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  request(principal: Principal, server: string, frame: RequestFrame): ScreenedRequest | undefined {
    const { method, params } = frame;
    const action = actionOf(server, method, params);
    if (this.#policy.decide(principal, action).isAllowed) return this.#allowed(principal, server, frame);
    const { target } = action;
    if (target === undefined || !this.#policy.decide(principal, { server, method }).isAllowed) {
      return { answer: methodNotFound(frame.id) };
    }
    return this.#standIn.for(frame, target);
  }

  passes(principal: Principal, server: string, { method, params }: NotificationFrame): boolean {
    return this.#policy.decide(principal, actionOf(server, method, params)).isAllowed;
  }

  delivers(principal: Principal, server: string, { method, params }: NotificationFrame): boolean {
    if (method !== methods.resourceUpdated) return true;
    return this.#policy.decide(principal, { ...actionOf(server, method, params), method: methods.readResource })
      .isAllowed;
  }

  #allowed(principal: Principal, server: string, frame: RequestFrame): ScreenedRequest | undefined {
    const { method, params } = frame;
    const listing = LISTINGS.get(method);
    if (listing !== undefined) {
      const { kind } = listing;
      const isVisible = (name: string): boolean => this.#policy.decide(principal, useOf(server, kind, name)).isAllowed;
      return {
        revise: (answer) => (answer.failed ? answer : withPrivateScope(filteredList(answer, listing, isVisible))),
      };
    }
    if (CACHEABLE.has(method)) return { revise: withPrivateScope };
    // Written anew: a key that is repeated inside `ref` could mean something else to the server than what was decided on.
    if (method === methods.complete) return { frame: withParams(frame, withPlainRef(params)) };
    return method === methods.listen ? this.#listen(principal, server, frame) : undefined;
  }

  /** Without the resources that the principal may not read (MCP 2026-07-28, subscriptions). */
  #listen(principal: Principal, server: string, frame: RequestFrame): ScreenedRequest | undefined {
    const notifications = member(frame.params, "notifications");
    if (!isObject(notifications)) return undefined;
    const uris = notifications["resourceSubscriptions"];
    // Another spelling of the key would be another list for a server that reads keys without regard to case.
    const others = Object.entries(notifications).filter(([key]) => folded(key) !== "resourcesubscriptions");
    if (others.length === Object.keys(notifications).length) return undefined;
    const readable = (Array.isArray(uris) ? (uris as readonly unknown[]) : []).filter(
      (uri) => typeof uri === "string" && this.#policy.decide(principal, useOf(server, "resource", uri)).isAllowed,
    );
    const params = {
      ...frame.params,
      notifications: { ...Object.fromEntries(others), resourceSubscriptions: readable },
    };
    return { frame: withParams(frame, params) };
  }
}

/** `ref` with nothing but what was decided on. */
function withPlainRef(params: RequestFrame["params"] = {}): JsonObject {
  const ref = params["ref"];
  const [type, name, uri] = ["type", "name", "uri"].map((key) => member(ref, key));
  if (type === "ref/prompt") return { ...params, ref: { type, name } };
  return type === "ref/resource" ? { ...params, ref: { type, uri } } : params;
}

function withParams(frame: RequestFrame, params: RequestFrame["params"]): RequestFrame {
  return { ...frame, params, line: requestLine(frame.id, frame.method, JSON.stringify(params)) };
}

/** In the words of the official SDKs (JSON-RPC 2.0 §5.1). */
function methodNotFound(id: RequestId): ResponseFrame {
  const line = `{"jsonrpc":"2.0","id":${encodeId(id)},"error":{"code":-32601,"message":"Method not found"}}`;
  return { kind: "response", id, failed: true, line };
}
