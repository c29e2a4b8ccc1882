// Runs a command with other versions of Node: `node tools/on-node.mjs 22 24 -- npm test`. Each version is installed as an npm
// package of binaries, cached in node_modules/.cache. The exit code is that of the first run that failed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";

const split = process.argv.indexOf("--");
const majors = process.argv.slice(2, split === -1 ? undefined : split);
const [command = "npm", ...args] = split === -1 ? ["npm", "test"] : process.argv.slice(split + 1);

for (const major of majors) {
  const bin = binaryFolder(major);
  console.log(`── Node ${major}: ${[command, ...args].join(" ")}`);
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const { status } = spawnSync(command, args, { stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
}

function binaryFolder(major) {
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const folder = join(import.meta.dirname, `../node_modules/.cache/node-${major}`);
  const bin = join(folder, "node_modules", name, "bin");
  if (existsSync(bin)) return bin;
  mkdirSync(folder, { recursive: true });
  const { status } = spawnSync("npm", ["install", "--prefix", folder, "--no-save", `${name}@${major}`], {
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`${name}@${major} could not be installed`);
  return bin;
}
