// Adds the optional packages of other platforms to package-lock.json, which a partial registry leaves out, so that `npm ci`
// accepts the lock file everywhere. Run it after every `npm install`; test/house/package.test.ts checks the result.
import { readFileSync, writeFileSync } from "node:fs";

const OSES = ["android", "darwin", "freebsd", "linux", "openharmony", "win32", "netbsd", "openbsd", "sunos", "aix"];
const CPUS = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64", "wasm32"];

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));

for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    lock.packages[`node_modules/${name}`] ??= platformPackage(name, version, entry.dev);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);

function platformPackage(name, version, dev) {
  const os = OSES.find((one) => name.includes(`${one}-`));
  const cpu = CPUS.find((one) => new RegExp(`-${one}(-|$)`).test(name));
  return { version, cpu: cpu && [cpu], dev, optional: true, os: os && [os] };
}
