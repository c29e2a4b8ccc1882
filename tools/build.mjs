// dist/: the gateway in a handful of files. Loading some four hundred small ones would take longer than all the rest of a start.
//   node tools/build.mjs [FOLDER]
import { cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = process.argv[2] ?? `${root}dist`;

rmSync(folder, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  // Flat: who starts another program or thread looks for its file beside its own.
  entryPoints: {
    main: "src/main.ts",
    "reaper-main": "src/upstream/reaper-main.ts",
    "check-thread-main": "src/downstream/rest/checks/check-thread-main.ts",
  },
  outdir: folder,
  bundle: true,
  // What is imported when it is first needed stays a file of its own.
  splitting: true,
  platform: "node",
  target: "node20.19",
  format: "esm",
  // For dependencies in CommonJS, which ask for node's own modules by `require`.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  sourcemap: true,
  sourcesContent: false,
  legalComments: "inline",
  logLevel: "warning",
});
cpSync(`${root}src/downstream/docs/assets`, `${folder}/assets`, { recursive: true });
