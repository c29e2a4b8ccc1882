import { globMatcher, type Matches } from "../lib/glob.ts";
import type { RouteConfig } from "./config.ts";

/** What a route can be about besides the method: each is a parameter of one method only. */
export const TARGETS = [
  { key: "tool", method: "tools/call" },
  { key: "resource", method: "resources/read" },
  { key: "prompt", method: "prompts/get" },
] as const;

type TargetKey = (typeof TARGETS)[number]["key"];

/** The server of a route under either spelling of the key; "" when it has none. */
export const serverOf = ({ server, upstream }: RouteConfig): string => server ?? upstream ?? "";

/** The only method that a route can match, or its pattern; undefined for every method. */
export function methodOf(match: RouteConfig["match"]): string | undefined {
  const target = TARGETS.find(({ key }) => match[key] !== undefined);
  return target?.method ?? match.method;
}

interface Route {
  readonly server: string;
  readonly method: Matches | undefined;
  readonly target: { readonly method: string; readonly matches: Matches } | undefined;
}

/** Which server a plain name, a URI or a method goes to: the first route that matches. */
export class Routes {
  readonly #routes: readonly Route[];

  constructor(routing: readonly RouteConfig[]) {
    this.#routes = routing.map((route) => {
      const { match } = route;
      const target = TARGETS.find(({ key }) => match[key] !== undefined);
      return {
        server: serverOf(route),
        method: match.method === undefined ? undefined : globMatcher(match.method),
        target: target && { method: target.method, matches: globMatcher(patternOf(match, target.key)) },
      };
    });
  }

  get isEmpty(): boolean {
    return this.#routes.length === 0;
  }

  /** `name` is the tool, the prompt or the URI of the request, if it has one. */
  find(method: string, name: string | undefined): string | undefined {
    for (const route of this.#routes) {
      if (route.method?.(method) === false) continue;
      const { target } = route;
      if (target === undefined) return route.server;
      if (target.method === method && name !== undefined && target.matches(name)) return route.server;
    }
    return undefined;
  }
}

const patternOf = (match: RouteConfig["match"], key: TargetKey): string => match[key] ?? "";
