import type { OpenapiFlags } from "./openapi.ts";
import type { ConfigFlags } from "./options.ts";

/** The flags of the first seed's `npm start -- --schemaDump`, besides those of `run`. */
export interface RunFlags extends ConfigFlags {
  readonly schemaDump?: boolean;
  readonly schemaFormat?: "yaml" | "json";
  readonly schemaProfile?: "full" | "gpt" | "openwebui";
  readonly schemaVersion?: "3.1" | "3.0";
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
  const { config, schemaFormat, schemaProfile, schemaVersion, schemaServer, allowPartial, output } = flags;
  const format = schemaFormat ?? npmFormat;
  return {
    ...(config !== undefined && { config }),
    ...(format !== undefined && { format }),
    ...(schemaProfile !== undefined && { profile: schemaProfile }),
    ...(schemaVersion !== undefined && { openapi: schemaVersion }),
    ...(schemaServer !== undefined && { server: schemaServer }),
    ...(allowPartial !== undefined && { allowPartial }),
    ...(output !== undefined && { output }),
  };
}
