import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { INSTALL_FOLDER } from "./installed.ts";

const SDK = "mcp==2.3.0";
const FOLDER = join(INSTALL_FOLDER, "python");
const PYTHON = join(FOLDER, "bin/python");
const DONE = join(FOLDER, SDK);
const INSTALL_MS = 300_000;

/** A server on the Python SDK as an entry of the catalog; undefined where Python or the SDK cannot be had. */
export async function pythonServer(): Promise<object | undefined> {
  try {
    if (!existsSync(DONE)) await installSdk();
    return { command: PYTHON, args: [fileURLToPath(new URL("python-server.py", import.meta.url))] };
  } catch {
    return undefined;
  }
}

async function installSdk(): Promise<void> {
  process.stdout.write(`installing the Python SDK in ${FOLDER} …\n`);
  const run = promisify(execFile);
  await run("python3", ["-m", "venv", FOLDER], { timeout: INSTALL_MS });
  await run(PYTHON, ["-m", "pip", "install", "--quiet", "--retries", "0", SDK], { timeout: INSTALL_MS });
  writeFileSync(DONE, "");
}
