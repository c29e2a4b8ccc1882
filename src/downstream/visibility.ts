import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { refusalFor } from "../access/policy/refusal.ts";
import { GatewayError } from "../protocol/errors.ts";
import { useOf, type Policy } from "../protocol/policy.ts";
import type { Principal } from "../protocol/principal.ts";
import type { ToolList } from "../protocol/tool.ts";
import { unknownServer, unknownTool } from "./did-you-mean.ts";

/** What one principal sees of a list of tools. */
export interface VisibleList {
  readonly list: ToolList;
  /** The whole list. */
  readonly source: ToolList;
  /** With the source it identifies what is visible: the same for all who see the same. */
  readonly key: string;
}

/** What is used like a server, and has several behind it. */
interface Endpoints {
  readonly groups?: readonly string[];
  /** Those that no list of servers names. */
  readonly unlisted?: readonly string[];
}

/** How many different views of one list are remembered. */
const MAX_VIEWS = 32;

/** Which servers and tools a principal sees: all of them, unless there is a policy. */
export class Visibility {
  readonly #policy: Policy | undefined;
  readonly #servers: readonly string[];
  readonly #listed: readonly string[];
  readonly #known: ReadonlySet<string>;
  readonly #lists = new WeakMap<ToolList, LRUCache<string, VisibleList>>();

  constructor(policy: Policy | undefined, servers: readonly string[], { groups = [], unlisted = [] }: Endpoints = {}) {
    this.#policy = policy;
    this.#servers = servers;
    this.#listed = [...servers, ...groups];
    this.#known = new Set([...this.#listed, ...unlisted]);
  }

  /** Whether everybody sees the same. */
  get isUniform(): boolean {
    return this.#policy === undefined;
  }

  /** Whether there is such a server, for anybody. */
  exists(server: string): boolean {
    return this.#known.has(server);
  }

  /** In the order of the config, the groups last. */
  servers(principal: Principal): readonly string[] {
    return this.#visible(principal, this.#listed);
  }

  /** Without the groups, which have nothing that their servers do not have. */
  singleServers(principal: Principal): readonly string[] {
    return this.#visible(principal, this.#servers);
  }

  #visible(principal: Principal, names: readonly string[]): readonly string[] {
    const policy = this.#policy;
    return policy === undefined ? names : names.filter((name) => policy.sees(principal, name));
  }

  sees(principal: Principal, server: string): boolean {
    return this.#known.has(server) && this.#policy?.sees(principal, server) !== false;
  }

  /** Throws `server_not_found` also for a server that exists, but not for this principal. */
  checkServer(principal: Principal, server: string, where?: () => string): void {
    if (this.sees(principal, server)) return;
    if (this.#policy?.reveals === true && this.#known.has(server)) {
      throw new GatewayError("forbidden", `You may not use the server "${server}".`, { log: { server } });
    }
    throw unknownServer(server, this.servers(principal), where?.());
  }

  mayCall(principal: Principal, server: string, tool: string): boolean {
    return this.#policy?.decide(principal, useOf(server, "tool", tool)).isAllowed !== false;
  }

  /** The error for a tool that is not there, or that the principal may not call. */
  missingTool(principal: Principal, list: ToolList, tool: string): GatewayError {
    const action = useOf(list.server, "tool", tool);
    const decision = this.#policy?.decide(principal, action);
    if (this.#policy?.reveals === true && decision?.isAllowed === false) return refusalFor(action, decision);
    return unknownTool(list.server, tool, this.tools(principal, list).list.tools.keys());
  }

  tools(principal: Principal, list: ToolList): VisibleList {
    if (this.#policy === undefined) return { list, source: list, key: list.server };
    const views = this.#lists.get(list) ?? new LRUCache<string, VisibleList>({ max: MAX_VIEWS });
    this.#lists.set(list, views);
    const view = this.#policy.viewKey(principal);
    const known = views.get(view);
    if (known !== undefined) return known;
    const visible = this.#filter(principal, list);
    views.set(view, visible);
    return visible;
  }

  #filter(principal: Principal, list: ToolList): VisibleList {
    const hidden: string[] = [];
    const tools = new Map(list.tools);
    for (const name of list.tools.keys()) {
      if (this.mayCall(principal, list.server, name)) continue;
      tools.delete(name);
      hidden.push(name);
    }
    if (hidden.length === 0) return { list, source: list, key: list.server };
    const key = `${list.server}:${hash("sha256", JSON.stringify(hidden)).slice(0, 32)}`;
    return { list: { ...list, tools }, source: list, key };
  }
}
