import { effective } from "../config/effective.ts";
import { loadConfig } from "../config/load.ts";
import { Redactor } from "../lib/redactor.ts";
import { findConfig, type ConfigFlags } from "./options.ts";

export interface ValidateFlags extends ConfigFlags {
  readonly print?: boolean;
}

/** Checks a config file without starting anything; with `print`, shows every key with its effective value, secrets masked. */
export function validate(flags: ValidateFlags): void {
  const { path } = findConfig(flags, process.env);
  const { config, secrets, notes } = loadConfig(path, process.env);
  const servers = Object.keys(config.servers);
  for (const { level, text } of notes) process.stderr.write(`${level === "warn" ? "warning" : "note"}: ${text}\n`);
  process.stderr.write(
    `${path} is valid: ${servers.length} server${servers.length === 1 ? "" : "s"} (${servers.join(", ")})\n`,
  );
  if (flags.print !== true) return;
  const shown = masked(effective(config, process.cwd()), new Redactor([], secrets));
  process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
}

/** Compares whole values too, because a secret that is too short to be searched for in text is still masked when it is the whole value. */
function masked(value: unknown, redactor: Redactor): unknown {
  if (typeof value === "string") return redactor.value(value);
  if (Array.isArray(value)) return value.map((item) => masked(item, redactor));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner, redactor)]));
}
