import { clip, quoted } from "../lib/text.ts";
import type { AccessLine } from "./routes-access.ts";
import type { GroupReport, RouteReport, RoutesReport, ServerReport, Urls } from "./routes-report.ts";

const SHOWN_NAMES = 50;
const NAME = 80;

/** The report for a person. */
export function routesText(report: RoutesReport): string {
  const { url, auth, all, routing, servers, groups, otherwise, remarks } = report;
  const who = auth.length === 0 ? "none (anyone may call)" : auth.join(", ");
  const parts = [
    [`${url}  auth: ${who}`],
    [`all servers   ${urlsText(all.urls)}`, `  names there: ${all.names}`],
    routing.length === 0
      ? []
      : ["routes of plain names and URIs there; the first that fits", ...routing.map(routeText)],
    ["servers", ...servers.flatMap(serverLines)],
    groups.length === 0 ? [] : ["groups", ...groups.flatMap(groupLines)],
    accessText(servers, otherwise),
    sharedText(report),
    remarks.length === 0 ? [] : ["remarks", ...remarks.map((remark) => `  ${remark}`)],
  ];
  const shown = parts.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `${shown.join("\n\n")}\n`;
}

const urlsText = ({ either, streamableHttp, sse, rest }: Urls): string =>
  [either, streamableHttp, sse, rest].filter((path) => path !== undefined).join("  ");

function routeText({ index, match, server, neverTaken, remark }: RouteReport): string {
  const fits = Object.entries(match).map(([key, pattern]) => `${key} ${pattern}`);
  const why = neverTaken === undefined ? (remark ?? "") : `never taken: ${neverTaken}`;
  return `  routing.${index}  ${fits.length === 0 ? "everything" : fits.join(", ")} → ${server}${why === "" ? "" : `   (${why})`}`;
}

function serverLines({ name, what, urls, tools }: ServerReport): string[] {
  const count = tools === undefined ? "" : `   ${tools} ${tools === 1 ? "tool" : "tools"}`;
  return [`  ${name}   ${urlsText(urls)}${count}`, `      ${what}`];
}

function groupLines({ name, servers, selects, urls }: GroupReport): string[] {
  const lists = Object.entries(selects).map(([key, patterns]) => `${key} ${patterns.join(" ") || "none"}`);
  return [
    `  ${name}   ${urlsText(urls)}`,
    `      servers ${servers.join(", ")}; ${lists.length === 0 ? "everything" : lists.join("; ")}`,
  ];
}

/** Servers about which the rules say the same are listed together. */
function accessText(servers: readonly ServerReport[], otherwise: string | undefined): string[] {
  if (otherwise === undefined)
    return ["who may: every caller who is admitted, everything (neither policy nor auth.permissions)"];
  const groups = new Map<string, string[]>();
  for (const { name, access } of servers) {
    const text = access.map(accessLine).join("\n");
    groups.set(text, [...(groups.get(text) ?? []), name]);
  }
  const lines = [...groups].flatMap(([text, names]) => [`  ${names.join(", ")}`, text === "" ? "    no rule" : text]);
  return ["who may", ...lines, `  ${otherwise}`];
}

const accessLine = ({ effect, who, what, by }: AccessLine): string =>
  effect === "needs" ? `    ${what} needs ${who}  (${by})` : `    ${effect}  ${who}: ${what}  (${by})`;

function sharedText({ sharedNames, unknown }: RoutesReport): string[] {
  const lines = sharedNames.slice(0, SHOWN_NAMES).map(({ kind, name, servers, names, plainly }) => {
    const plain = plainly === undefined ? "the plain name is an error" : `the plain name is that of ${plainly}`;
    return `  ${kind} ${quoted(name)}: ${servers.join(", ")}; called ${names.map((each) => clip(each, NAME)).join(", ")}; ${plain}`;
  });
  const more = sharedNames.length - lines.length;
  const left = more > 0 ? [`  and ${more} more`] : [];
  const open =
    unknown.length === 0
      ? []
      : [
          `not known: what ${unknown.join(", ")} list${unknown.length === 1 ? "s" : ""}; the gateway finds out when it runs, this command with --ask`,
        ];
  return lines.length === 0 ? open : ["the same name on several servers", ...lines, ...left, ...open];
}
