import type { OpenapiFlags } from "./openapi.ts";
import type { SourceFlags } from "./source.ts";

/** The flags of the first seed's `npm start -- --schemaDump`, besides those of `run`. */
export interface RunFlags extends SourceFlags {
  readonly schemaDump?: boolean;
  readonly schemaFormat?: "yaml" | "json";
  readonly schemaProfile?: "full" | "gpt" | "openwebui";
  readonly schemaVersion?: "3.1" | "3.0";
  readonly schemaAccept?: "json" | "all";
  readonly schemaServer?: string;
  readonly allowPartial?: boolean;
  readonly output?: string;
}

/**
 * What to dump, when a dump is what is asked for. Without the `--`, npm takes `npm start --schemaDump --schemaFormat=json` for
 * options of its own and hands them on as variables.
 */
export function schemaDump(flags: RunFlags, env = process.env): OpenapiFlags | undefined {
  const isStart = env["npm_lifecycle_event"] === "start";
  const npmSays = isStart && env["npm_config_schemadump"] === "true";
  if (flags.schemaDump !== true && !npmSays) return undefined;
  const npmFormat = isStart && env["npm_config_schemaformat"] === "json" ? "json" : undefined;
  const { schemaDump: _, schemaFormat, schemaProfile, schemaVersion, schemaAccept, schemaServer, ...others } = flags;
  const format = schemaFormat ?? npmFormat;
  return {
    ...others,
    ...(format !== undefined && { format }),
    ...(schemaProfile !== undefined && { profile: schemaProfile }),
    ...(schemaVersion !== undefined && { openapi: schemaVersion }),
    ...(schemaAccept !== undefined && { accept: schemaAccept }),
    ...(schemaServer !== undefined && { server: schemaServer }),
  };
}
