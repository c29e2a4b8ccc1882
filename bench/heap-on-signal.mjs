// Preloaded with --expose-gc: on SIGUSR2 the process collects garbage and writes V8's heap statistics to a file.
import { renameSync, writeFileSync } from "node:fs";

process.on("SIGUSR2", () => {
  // Twice, because finalizers of the first collection release more objects.
  globalThis.gc();
  globalThis.gc();
  const file = process.env.BENCH_HEAP_FILE;
  writeFileSync(`${file}.part`, JSON.stringify(process.memoryUsage()));
  renameSync(`${file}.part`, file);
});
