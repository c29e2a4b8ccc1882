import type { OpenapiFlags } from "./openapi.ts";
import type { SourceFlags } from "./source.ts";

/** The options of `npm start -- --schemaDump`, in addition to those of `run`. */
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
 * The options for a dump, or undefined when none was requested. Without the `--`, npm takes the flags of `npm start --schemaDump
 * --schemaFormat=json` for its own options and passes them on as environment variables.
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
