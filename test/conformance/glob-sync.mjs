// For `node --import`: the suite imports globSync from "fs", which Node 20 does not have, for a command that is never run here.
// Without the export the suite does not load.
import * as fs from "node:fs";
import { register } from "node:module";

if (fs.globSync === undefined) {
  const withGlobSync = moduleOf(`
    export * from "node:fs";
    export function globSync() { throw new Error("globSync needs Node 22"); }
  `);
  register(
    moduleOf(`
      export const resolve = (specifier, context, next) =>
        specifier === "fs" && context.parentURL?.includes("/@modelcontextprotocol/conformance/")
          ? { url: ${JSON.stringify(withGlobSync)}, shortCircuit: true }
          : next(specifier, context);
    `),
  );
}

function moduleOf(source) {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
