// Builds dist/: the gateway bundled into a few files, because loading about four hundred small ones would take longer than the
// rest of the start. Its dependencies are bundled too, so an install brings no other packages; their licences are written beside it.
//   node tools/build.mjs [FOLDER [METAFILE]]
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const [folder = `${root}dist`, metafileName] = process.argv.slice(2);

rmSync(folder, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  // Flat, because code that starts another program or thread looks for its file in its own folder.
  entryPoints: {
    main: "src/main.ts",
    "reaper-main": "src/upstream/reaper-main.ts",
    "check-thread-main": "src/downstream/rest/checks/check-thread-main.ts",
  },
  outdir: folder,
  bundle: true,
  // Lazily imported modules stay separate files.
  splitting: true,
  platform: "node",
  target: "node20.19",
  format: "esm",
  // Without comments, which may hold characters that make V8 keep a whole file with two bytes per character.
  minifyWhitespace: true,
  // For CommonJS dependencies, which load Node's modules with `require`.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  sourcemap: true,
  sourcesContent: false,
  legalComments: "inline",
  logLevel: "warning",
  metafile: true,
});
writeFileSync(`${folder}/THIRD-PARTY-LICENSES.txt`, licenses(packagesIn(metafile)));
if (metafileName !== undefined) writeFileSync(metafileName, JSON.stringify(metafile));
for (const page of ["docs", "console"]) {
  cpSync(`${root}src/downstream/${page}/assets`, `${folder}/${page}/assets`, { recursive: true });
}

/** The folders of the packages that are in the bundle. */
function packagesIn({ outputs }) {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((file) => inputs[file].bytesInOutput > 0),
  );
  return new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
}

function licenses(packages) {
  const notices = [...packages].map((path) => {
    const { name, version, license, licenses } = JSON.parse(readFileSync(`${root}${path}/package.json`, "utf8"));
    // Older packages have a list of objects in `licenses`.
    const spdx = license ?? licenses?.map(({ type }) => type).join(" or ");
    return `${name}@${version}, license: ${spdx ?? "see below"}\n\n${licenseTexts(path)}\n`;
  });
  const head = "The files beside this one hold code of the following packages.\n";
  return [head, ...notices.toSorted()].join(`\n${"-".repeat(80)}\n\n`);
}

function licenseTexts(path) {
  const files = readdirSync(`${root}${path}`).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file));
  if (files.length === 0) throw new Error(`${path} comes without its licence: it cannot go into the bundle`);
  return files.map((file) => readFileSync(`${root}${path}/${file}`, "utf8").trim()).join("\n\n");
}
