import { writeFileSync } from "node:fs";
import { toYaml } from "../config/yaml.ts";
import { documentTools, type DocumentReport } from "../downstream/openapi/documents.ts";
import { Gateway } from "../gateway.ts";
import { errorMessage } from "../lib/error-message.ts";
import { isAnyAddress } from "../lib/hosts.ts";
import type { LogOutput } from "../observability/log-output.ts";
import { stderrOutput } from "../observability/std-outputs.ts";
import { toJson } from "../openapi/serialize.ts";
import { readSource, type SourceFlags } from "./source.ts";
import { localUrl } from "./start-table.ts";
import { version } from "./version.ts";

export interface OpenapiFlags extends SourceFlags {
  readonly format?: "yaml" | "json";
  readonly profile?: "full" | "gpt" | "openwebui";
  readonly openapi?: "3.1" | "3.0";
  readonly accept?: "json" | "all";
  readonly server?: string;
  readonly tools?: readonly string[];
  readonly output?: string;
  readonly allowPartial?: boolean;
}

/** The result of a dump, which determines the exit code. */
export type DumpOutcome = "complete" | "partial" | "over limits";

/** Writes the OpenAPI document for the tools of all servers, or of one. stdout gets only the document; warnings go to stderr. */
export async function openapi(flags: OpenapiFlags): Promise<DumpOutcome> {
  const { loaded } = readSource(flags, process.env);
  const logOutput = stderrOutput();
  const gateway = new Gateway({ version: version(), loaded, env: process.env, logOutput });
  gateway.watchTime();
  try {
    const report = await dump(gateway, flags, logOutput);
    const text = flags.format === "json" ? toJson(report.document) : toYaml(report.document);
    if (flags.output === undefined) await writeOut(text);
    else writeFileSync(flags.output, text);
    return reportProblems(report, flags.allowPartial === true, logOutput);
  } finally {
    await gateway.stop();
  }
}

async function dump(gateway: Gateway, flags: OpenapiFlags, log: LogOutput): Promise<DocumentReport> {
  const names = gateway.servers.names;
  const { server } = flags;
  const all = [...names, ...gateway.aggregates.groups];
  if (server !== undefined && !all.includes(server)) {
    throw new Error(`the config has no server "${server}"; it has: ${all.join(", ")}`);
  }
  const { publicUrl, hostname, port } = gateway.config;
  if (publicUrl === undefined && isAnyAddress(hostname)) {
    log.write(
      `warning: listening on ${hostname} without publicUrl: the URLs in the document say localhost, which other machines cannot reach\n`,
    );
  }
  const base = (publicUrl ?? localUrl(hostname, port)).replace(/\/$/, "");
  const layout = server === undefined ? "root" : "server";
  return documentTools(gateway.catalog, server === undefined ? names : [server], gateway.documents, {
    layout,
    baseUrl: server === undefined ? base : `${base}/api/${server}`,
    profile: flags.profile ?? "full",
    version: flags.openapi ?? "3.1",
    ...(flags.accept !== undefined && { accept: flags.accept }),
    ...(flags.tools !== undefined && { tools: flags.tools }),
  });
}

function reportProblems(
  { warnings, failed, limitProblems }: DocumentReport,
  allowPartial: boolean,
  log: LogOutput,
): DumpOutcome {
  for (const warning of warnings) log.write(`warning: ${warning}\n`);
  for (const problem of limitProblems) log.write(`limit: ${problem}\n`);
  for (const { server, error } of failed) {
    log.write(`server "${server}" is missing from the document: ${errorMessage(error)}\n`);
  }
  if (failed.length > 0 && !allowPartial) return "partial";
  return limitProblems.length > 0 ? "over limits" : "complete";
}

/** Resolves when the text is written, or when the reader (`| head`) closed the pipe. */
function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.on("error", (error: NodeJS.ErrnoException) => (error.code === "EPIPE" ? resolve() : reject(error)));
    process.stdout.write(text, () => resolve());
  });
}
