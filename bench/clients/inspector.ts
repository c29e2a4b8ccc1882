import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ShortRuns } from "./client.ts";
import { INSTALL_FOLDER } from "./installed.ts";

const RUN_MS = 120_000;

/** The command line of the MCP Inspector: it never says goodbye. */
export const inspector: ShortRuns = {
  name: "inspector",
  isOnDemand: true,
  async run({ url, transport }, tool) {
    const cli = join(INSTALL_FOLDER, "node_modules/@modelcontextprotocol/inspector/cli/build/cli.js");
    const wire = transport === "sse" ? "sse" : "http";
    const args = [cli, "--cli", url, "--transport", wire, "--method", "tools/call", "--tool-name", tool];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: RUN_MS });
    return stdout;
  },
};
