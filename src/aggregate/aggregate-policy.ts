import type { Action, Decision, Policy } from "../protocol/policy.ts";
import type { Principal } from "../protocol/principal.ts";
import { aimOf } from "./addressing.ts";
import type { Aggregate } from "./aggregate.ts";

const NOWHERE: Decision = { isAllowed: false, rule: "no server has it" };

/** A policy about servers, asked about endpoints in front of several: what is done there is done on the server that has it. */
export class AggregatePolicy implements Policy {
  readonly #policy: Policy;
  readonly #find: (name: string) => Aggregate | undefined;

  constructor(policy: Policy, find: (name: string) => Aggregate | undefined) {
    this.#policy = policy;
    this.#find = find;
  }

  get reveals(): boolean {
    return this.#policy.reveals;
  }

  /** What is about nothing on one of the servers is allowed where one of them allows it. */
  decide(principal: Principal, action: Action): Decision {
    const aggregate = this.#find(action.server);
    if (aggregate === undefined) return this.#policy.decide(principal, action);
    const { target } = action;
    if (target !== undefined) {
      const aim = aimOf(target, aggregate.table);
      if (aim === undefined) return NOWHERE;
      const { kind } = target;
      return this.#policy.decide(principal, { ...action, server: aim.server, target: { kind, name: aim.name } });
    }
    const route = aggregate.table.routeOf(action.method);
    if (route !== undefined) return this.#policy.decide(principal, { ...action, server: route });
    let decision = NOWHERE;
    for (const server of aggregate.servers) {
      decision = this.#policy.decide(principal, { ...action, server });
      if (decision.isAllowed) return decision;
    }
    return decision;
  }

  sees(principal: Principal, server: string): boolean {
    const aggregate = this.#find(server);
    if (aggregate === undefined) return this.#policy.sees(principal, server);
    return aggregate.servers.some((name) => this.#policy.sees(principal, name));
  }

  /** The messages of all its servers pass through one of its sessions. */
  opensConsole(principal: Principal, server: string): boolean {
    const aggregate = this.#find(server);
    if (aggregate === undefined) return this.#policy.opensConsole(principal, server);
    return aggregate.servers.every((name) => this.#policy.opensConsole(principal, name));
  }

  viewKey(principal: Principal): string {
    return this.#policy.viewKey(principal);
  }
}
