import { closest } from "../lib/closest.ts";
import { globMatcher, isUniversal } from "../lib/glob.ts";
import { quoted } from "../lib/text.ts";
import type { AggregateConfig, GroupConfig, RouteConfig } from "./config.ts";
import { methodOf, serverOf, TARGETS } from "./routes.ts";
import { splitName } from "./selection.ts";

type Path = readonly (string | number)[];

/** Something about the config and where it is. */
export interface AggregateFinding {
  readonly path: Path;
  readonly message: string;
}

/** What is wrong with groups and routes: servers that do not exist, names that are taken. */
export function aggregateProblems({ groups, routing, servers }: AggregateConfig): AggregateFinding[] {
  const names = Object.keys(servers);
  const ofGroups = Object.entries(groups).flatMap(([name, group]) => {
    const taken = { path: ["groups", name], message: `there is a server of the name ${quoted(name)} already` };
    const unknown = group.servers.flatMap((server, at) =>
      unknownServer(server, names, ["groups", name, "servers", at]),
    );
    return [...(names.includes(name) ? [taken] : []), ...unknown, ...misleading(group, names, ["groups", name])];
  });
  return [...ofGroups, ...routing.flatMap((route, at) => routeProblems(route, names, ["routing", at]))];
}

/** `server:name` always is a name of that server. */
function misleading({ rename }: GroupConfig, names: readonly string[], path: Path): AggregateFinding[] {
  return Object.entries(rename).flatMap(([old, name]) => {
    const server = names.find((one) => name.startsWith(`${one}:`));
    const message = `a name that begins with ${quoted(`${server}:`)} is one of the server ${quoted(server ?? "")}`;
    return server === undefined ? [] : [{ path: [...path, "rename", old], message }];
  });
}

function routeProblems(route: RouteConfig, names: readonly string[], path: Path): AggregateFinding[] {
  const { server, upstream } = route;
  if (server !== undefined && upstream !== undefined && server !== upstream) {
    return [{ path: [...path, "upstream"], message: "server and upstream are the same key: keep one" }];
  }
  const name = serverOf(route);
  if (name === "") return [{ path, message: "server is missing: name the server that these requests go to" }];
  return unknownServer(name, names, [...path, server === undefined ? "upstream" : "server"]);
}

function unknownServer(name: string, names: readonly string[], path: Path): AggregateFinding[] {
  if (names.includes(name)) return [];
  const near = closest(name, names);
  return [
    { path, message: `there is no server of this name${near === undefined ? "" : `; did you mean ${quoted(near)}?`}` },
  ];
}

/** Remarks about a valid config: what selects nothing, and routes that are never taken. */
export function aggregateRemarks({ groups, routing }: AggregateConfig): AggregateFinding[] {
  const ofGroups = Object.entries(groups).flatMap(([name, group]) => groupRemarks(group, ["groups", name]));
  const ofRoutes = routing.flatMap((route, at) => {
    const path = ["routing", at];
    const why = impossible(route) ?? shadowing(routing, at);
    return why === undefined ? [] : [{ path, message: `${path.join(".")} is never taken: ${why}` }];
  });
  return [...ofGroups, ...ofRoutes];
}

function groupRemarks(group: GroupConfig, path: Path): AggregateFinding[] {
  const { servers, tools, prompts, resources } = group;
  const lists = { tools, prompts, resources };
  const named = Object.entries({ tools, prompts }).flatMap(([key, patterns]) =>
    (patterns ?? []).flatMap((pattern, at) => outsideRemarks(pattern, servers, [...path, key, at])),
  );
  const keyed = (["rename", "description"] as const).flatMap((key) =>
    Object.keys(group[key]).flatMap((name) => outsideRemarks(name, servers, [...path, key, name])),
  );
  const given = Object.values(lists).filter((list) => list !== undefined);
  if (given.length > 0 && given.every(({ length }) => length === 0)) {
    return [{ path, message: `${path.join(".")} selects nothing: its lists are empty` }, ...named, ...keyed];
  }
  return [...named, ...keyed];
}

function outsideRemarks(pattern: string, servers: readonly string[], path: Path): AggregateFinding[] {
  const { server } = splitName(pattern);
  if (server === undefined || servers.some(globMatcher(server))) return [];
  const message = `${path.join(".")}: ${quoted(pattern)} selects nothing, because no server of the group has the name ${quoted(server)}`;
  return [{ path, message }];
}

function impossible(route: RouteConfig): string | undefined {
  const { match } = route;
  const keys = TARGETS.filter(({ key }) => match[key] !== undefined);
  const [one, other] = keys;
  if (one !== undefined && other !== undefined) return `no request has a ${one.key} and a ${other.key}`;
  if (one === undefined || match.method === undefined || globMatcher(match.method)(one.method)) return undefined;
  return `${one.key} is only about ${one.method}, which match.method does not include`;
}

/** An earlier route that takes all that this one could. */
function shadowing(routing: readonly RouteConfig[], at: number): string | undefined {
  const route = routing[at];
  if (route === undefined) return undefined;
  const before = routing.slice(0, at).findIndex((earlier) => covers(earlier, route));
  return before === -1 ? undefined : `routing.${before} takes all that it could match`;
}

function covers({ match: wide }: RouteConfig, { match: narrow }: RouteConfig): boolean {
  if (!includes(wide.method, methodOf(narrow))) return false;
  return TARGETS.every(({ key }) => includes(wide[key], narrow[key]));
}

function includes(wide: string | undefined, narrow: string | undefined): boolean {
  if (wide === undefined || isUniversal(wide)) return true;
  return narrow !== undefined && globMatcher(wide)(narrow);
}
