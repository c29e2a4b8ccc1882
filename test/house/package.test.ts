import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

interface Manifest {
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

describe("package.json", () => {
  const manifest = JSON.parse(read("package.json")) as Manifest;

  it("pins every dependency to one version", () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(all).not.toEqual([]);
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
  });

  it("runs on Node 20.19 and later", () => {
    expect(manifest.engines).toEqual({ node: ">=20.19" });
  });
});

describe("package-lock.json", () => {
  const lock = JSON.parse(read("package-lock.json")) as { readonly packages: Readonly<Record<string, object>> };

  it("names no registry, so that npm ci works behind any", () => {
    const entries = Object.entries(lock.packages);
    expect(entries.length).toBeGreaterThan(1);
    expect(entries.filter(([, entry]) => "resolved" in entry).map(([name]) => name)).toEqual([]);
  });

  it("belongs to this package.json", () => {
    const { dependencies, devDependencies, engines } = JSON.parse(read("package.json")) as Manifest;
    const locked: Manifest | undefined = lock.packages[""];
    expect(locked?.dependencies).toEqual(dependencies);
    expect(locked).toMatchObject({ devDependencies, engines });
  });
});

describe("the repository", () => {
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root })
    .toString()
    .split("\0")
    .filter((file) => file !== "" && existsSync(join(root, file)) && statSync(join(root, file)).isFile());

  it("names no place of the machine it was written on", () => {
    const elsewhere = files.filter((file) => !file.startsWith("test/house/"));
    expect(elsewhere).toContain("package.json");
    expect(elsewhere.filter((file) => /\/work\/|\/tmp\/bash_jobs/.test(read(file)))).toEqual([]);
  });
});
