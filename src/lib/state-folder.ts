import { hash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

export interface StateFolderOptions {
  /** The configured folder for persistent state. */
  readonly dir: string | undefined;
  /** Tells the gateways on one machine apart: they share a folder but no file. */
  readonly instance: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The folder of one gateway. */
export const stateFolder = ({ dir, instance, env }: StateFolderOptions): string =>
  join(dir === undefined ? defaultFolder(env) : resolve(dir), hash("sha256", instance, "hex").slice(0, 16));

/** The state folder that systemd gives the service, else the user's (XDG Base Directory Specification). */
function defaultFolder(env: NodeJS.ProcessEnv): string {
  const ofService = env["STATE_DIRECTORY"]?.split(":")[0];
  if (ofService !== undefined && ofService !== "") return ofService;
  const ofUser = env["XDG_STATE_HOME"];
  return join(ofUser === undefined || ofUser === "" ? join(homedir(), ".local", "state") : ofUser, "mcp-gateway");
}

/** Only its owner can read it. Not with Node's `recursive`, which hangs where no folder can be created, as below /proc. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}
