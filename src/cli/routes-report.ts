import type { AccessRules } from "../access/policy/config.ts";
import { aggregateRemarks } from "../aggregate/problems.ts";
import { serverOf, TARGETS } from "../aggregate/routes.ts";
import type { Config } from "../config/schema.ts";
import { globMatcher } from "../lib/glob.ts";
import type { ToolList } from "../protocol/tool.ts";
import { accessLines, defaultText, type AccessLine } from "./routes-access.ts";
import { sharedNames, type SharedName } from "./shadowed-names.ts";

export interface Urls {
  readonly either?: string;
  readonly streamableHttp: string;
  readonly sse: string;
  readonly rest: string;
}

export interface RouteReport {
  readonly index: number;
  readonly match: Readonly<Record<string, string>>;
  readonly server: string;
  /** Why no request ever takes it. */
  readonly neverTaken?: string;
  /** What else is odd about it. */
  readonly remark?: string;
}

export interface ServerReport {
  readonly name: string;
  readonly what: string;
  readonly urls: Urls;
  readonly access: readonly AccessLine[];
  /** How many tools it has, if that is known. */
  readonly tools?: number;
}

export interface GroupReport {
  readonly name: string;
  readonly servers: readonly string[];
  readonly selects: Readonly<Record<string, readonly string[]>>;
  readonly urls: Urls;
}

/** All ways in, in the form that `--json` prints. */
export interface RoutesReport {
  readonly url: string;
  /** The methods of login; none: anyone may call. */
  readonly auth: readonly string[];
  readonly all: { readonly urls: Urls; readonly names: string; readonly servers: readonly string[] };
  readonly routing: readonly RouteReport[];
  readonly servers: readonly ServerReport[];
  readonly groups: readonly GroupReport[];
  /** Undefined when every caller who is admitted may do everything. */
  readonly otherwise?: string;
  readonly sharedNames: readonly SharedName[];
  /** Servers whose lists are not known. */
  readonly unknown: readonly string[];
  readonly remarks: readonly string[];
}

export interface ReportSources {
  readonly config: Config;
  readonly url: string;
  readonly auth: readonly string[];
  /** What a server is, without secrets. */
  readonly summaryOf: (server: string) => string;
  readonly lists: readonly ToolList[];
}

export function routesReport({ config, url, auth, summaryOf, lists }: ReportSources): RoutesReport {
  const names = Object.keys(config.servers);
  const rules: AccessRules = {
    policy: config.policy,
    permissions: config.auth.permissions,
    options: config.auth.options,
  };
  const known = new Map(lists.map((list) => [list.server, list]));
  const findings = aggregateRemarks(config);
  const otherwise = defaultText(rules);
  return {
    url,
    auth,
    all: {
      urls: { streamableHttp: "/mcp", sse: "/sse", rest: "/api/mcp" },
      names: `server${config.naming.separator}name`,
      servers: names,
    },
    routing: config.routing.map((route, index) => {
      const server = serverOf(route);
      const found = findings.find(({ path }) => path.length === 2 && path[0] === "routing" && path[1] === index);
      const remark = withoutTarget(route.match, known.get(server));
      const neverTaken = found?.message.replace(/^.*? is never taken: /, "");
      return {
        index,
        match: withoutUndefined(route.match),
        server,
        ...(neverTaken !== undefined && { neverTaken }),
        ...(remark !== undefined && { remark }),
      };
    }),
    servers: names.map((name) => {
      const tools = known.get(name)?.tools.size;
      const access = accessLines(name, rules);
      return { name, what: summaryOf(name), urls: urlsOf(name), access, ...(tools !== undefined && { tools }) };
    }),
    groups: Object.entries(config.groups).map(([name, { servers, tools, prompts, resources }]) => ({
      name,
      servers,
      selects: withoutUndefined({ tools, prompts, resources }),
      urls: urlsOf(name),
    })),
    ...(otherwise !== undefined && { otherwise }),
    sharedNames: sharedNames(config, lists),
    unknown: names.filter((name) => !known.has(name)),
    remarks: findings.flatMap(({ path, message }) => (path[0] === "groups" ? [message] : [])),
  };
}

const urlsOf = (name: string): Urls => ({
  either: `/${name}`,
  streamableHttp: `/${name}/mcp`,
  sse: `/${name}/sse`,
  rest: `/api/${name}`,
});

type Match = Config["routing"][number]["match"];

/** A route for a tool that its server does not have. */
function withoutTarget(match: Match, list: ToolList | undefined): string | undefined {
  const target = TARGETS.find(({ key }) => match[key] !== undefined);
  const pattern = target === undefined ? undefined : match[target.key];
  if (target === undefined || pattern === undefined || list === undefined || target.key === "resource")
    return undefined;
  const names =
    target.key === "tool"
      ? [...list.tools.keys()]
      : list.prompts.map(({ name }) => (typeof name === "string" ? name : ""));
  return names.some(globMatcher(pattern)) ? undefined : `${list.server} lists no ${target.key} of this name`;
}

function withoutUndefined<Value>(record: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]): [string, Value][] => (value === undefined ? [] : [[key, value]])),
  );
}
