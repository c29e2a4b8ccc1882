import type { AddressInfo } from "node:net";
import { authMethods } from "../access/auth/methods.ts";
import type { Config } from "../config/schema.ts";
import type { Gateway } from "../gateway.ts";
import { isAnyAddress, isLoopback, urlHost } from "../lib/hosts.ts";

/** The parts of a gateway that are described at startup. */
type RunningGateway = Pick<Gateway, "config" | "servers" | "aggregates" | "gate" | "policy" | "descriptors">;

/** The URLs of each server, as a client on this machine (or of `publicUrl`) would use them. */
export function startTable(
  { config, servers, aggregates, gate, policy }: RunningGateway,
  address: AddressInfo,
): string {
  const base = (config.publicUrl ?? localUrl(config.hostname, address.port))
    .replace(/\/$/, "")
    // Removes a password, which must not appear in the log.
    .replace(/\/\/[^/]*@/, "//");
  const rows = servers.all.map(({ name, summary }) => [
    name,
    `/${name}`,
    `/${name}/mcp`,
    `/${name}/sse`,
    `/api/${name}`,
    summary,
  ]);
  const groups = aggregates.groups.map((name) => [
    name,
    `/${name}`,
    `/${name}/mcp`,
    `/${name}/sse`,
    `/api/${name}`,
    `group: ${aggregates.find(name)?.servers.join(", ")}`,
  ]);
  const all = [
    "(all)",
    "",
    "/mcp",
    "/sse",
    "/api",
    "the tools of all servers, as server__tool".replace("__", config.naming.separator),
  ];
  const table = [["server", "either", "Streamable HTTP", "HTTP+SSE", "REST", "command"], ...rows, ...groups, all];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
  const auth = gate.authenticates ? gate.methods.join(", ") : "none (anyone may call)";
  return `\n  ${base}  (web page: ${base}/docs)\n\n${lines.join("\n")}\n\n  auth: ${auth}${policy === undefined ? "" : "\n  policy: on"}\n\n`;
}

/** Problems that an operator should see at startup. */
export function startWarnings(
  { config, servers, gate, policy, descriptors }: RunningGateway,
  isInContainer: boolean,
): string[] {
  const { hostname, auth, oauth, limits } = config;
  const warnings = servers.all.flatMap((server) =>
    server.warnings().map((warning) => `server "${server.name}": ${warning}`),
  );
  const isNamed = oauth !== undefined || authMethods.some(({ name }) => Object.hasOwn(auth, name));
  if (!gate.authenticates && isNamed) warnings.push("every method under auth is disabled: anyone may call");
  if (!gate.authenticates && policy !== undefined) {
    warnings.push(
      "policy or auth.permissions is set, but auth is off: to the rules, every caller is the same (anonymous)",
    );
  }
  if (!gate.authenticates && policy === undefined && !isLoopback(hostname)) {
    warnings.push(
      `listening on ${hostname} without auth: anyone who can reach this port can run every server of the catalog`,
    );
  }
  if (isMetricsOpen(config, gate.authenticates)) {
    warnings.push("metrics are served on this address without credentials: set metrics.port or metrics.auth");
  }
  if (isInContainer && isLoopback(hostname)) {
    warnings.push(
      `hostname is ${hostname}, and this is a container: only programs inside it can connect, whatever port is published; ` +
        "set hostname: 0.0.0.0 (or --host 0.0.0.0), and switch auth on",
    );
  }
  const { limit, sessions } = descriptors;
  if (sessions < limits.sessions) {
    warnings.push(
      `the limit on open files (ulimit -n) is ${limit}: enough for about ${sessions} of the ${limits.sessions} sessions that limits.sessions allows`,
    );
  }
  return warnings;
}

/** Only when they were switched on explicitly. */
function isMetricsOpen({ metrics, hostname }: Config, authenticates: boolean): boolean {
  const { enabled, port, auth } = metrics;
  return enabled === true && port === undefined && auth === undefined && !authenticates && !isLoopback(hostname);
}

/** The URL at which this machine reaches a gateway bound to `hostname`. */
export function localUrl(hostname: string, port: number): string {
  return `http://${isAnyAddress(hostname) ? "localhost" : urlHost(hostname)}:${port}`;
}
