import { defineConfig } from "vitest/config";

// Three projects: `unit` mirrors src/ and runs in parallel; `e2e` starts the built gateway and real children, one file at a time;
// `house` inspects the source tree itself (floors, doors, map, schema).
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/*/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/house/**"],
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: "house", include: ["test/house/**/*.test.ts"] } },
    ],
  },
});
