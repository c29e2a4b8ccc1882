import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// dist/ contains the packages it is built from, so that an install does not bring them again: bundled packages are
// devDependencies, packages that the built files import are dependencies, and the authors of bundled code are named.

interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
        readonly imports: readonly { readonly path: string; readonly external?: boolean }[];
      }
    >
  >;
}

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, "../..");
const manifest = read(join(root, "package.json")) as Manifest;
const lock = read(join(root, "package-lock.json")) as { readonly packages: Record<string, { readonly dev?: boolean }> };

let folder: string;
let metafile: Metafile;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-bundle-"));
  execFileSync(process.execPath, ["tools/build.mjs", join(folder, "dist"), join(folder, "meta.json")], { cwd: root });
  metafile = read(join(folder, "meta.json")) as Metafile;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe("the bundle", () => {
  it("is seen by this test, packages, builtin modules and all", () => {
    expect(bundledPackages()).toEqual(expect.arrayContaining(["node_modules/express", "node_modules/winston"]));
    expect(outsideImports()).toContain("node:http");
  });

  it("holds what package.json and the lock know as needed for development only", () => {
    expect(bundledPackages().filter((path) => lock.packages[path]?.dev !== true)).toEqual([]);
    const inBoth = Object.keys(manifest.dependencies ?? {}).filter((name) => name in (manifest.devDependencies ?? {}));
    expect(inBoth).toEqual([]);
  });

  it("imports nothing from outside but dependencies, and every one of them", () => {
    // A cache of undici that is not used here; Node 20 has no such module.
    const packages = outsideImports().filter((specifier) => !isBuiltin(specifier) && specifier !== "node:sqlite");
    expect([...new Set(packages.map(packageOf))].toSorted()).toEqual(
      Object.keys(manifest.dependencies ?? {}).toSorted(),
    );
  });

  it("comes with the licence of every package in it, and of no other", () => {
    const notices = readFileSync(join(folder, "dist/THIRD-PARTY-LICENSES.txt"), "utf8");
    const named = [...notices.matchAll(/^(\S+)@(\d[\w.-]*), license: .+$/gm)].map(
      ([, name, version]) => `${name}@${version}`,
    );
    expect(named).toEqual(bundledPackages().map(nameAndVersion).toSorted());
    for (const path of bundledPackages()) expect(notices).toContain(copyrightOf(path));
  });
});

/** As folders, because a package may be installed in two versions. */
function bundledPackages(): string[] {
  const files = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  const packages = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
  return [...new Set(packages)].toSorted();
}

function outsideImports(): string[] {
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return imports.flatMap(({ path, external }) => (external === true ? [path] : []));
}

const packageOf = (specifier: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;

function nameAndVersion(path: string): string {
  const { version } = read(join(root, path, "package.json")) as Manifest;
  return `${path.replace(/^.*node_modules\//, "")}@${version}`;
}

/** A line of the licence that is in no other package's. */
function copyrightOf(path: string): string {
  const files = execFileSync("ls", [join(root, path)], { encoding: "utf8" }).split("\n");
  const license = files.find((file) => /^licen[cs]e/i.test(file)) ?? "no licence";
  const lines = readFileSync(join(root, path, license), "utf8").split(/\r?\n/);
  return (lines.find((line) => /copyright .*(?:\d|\()/i.test(line)) ?? lines[0] ?? "").trim();
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}
