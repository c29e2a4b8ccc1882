import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../../src/lib/package-root.ts";

it("the folder of the package is the one above src/, with what the package is delivered with", () => {
  expect(packageRoot()).toBe(join(import.meta.dirname, "../.."));
  for (const file of ["package.json", "config.example.yaml"]) expect(existsSync(join(packageRoot(), file))).toBe(true);
});
