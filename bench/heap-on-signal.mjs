// Preloaded with --expose-gc: on SIGUSR2 the process throws its garbage away and writes what V8 holds to a file of that name.
import { renameSync, writeFileSync } from "node:fs";

process.on("SIGUSR2", () => {
  // Twice: what finalizers let go goes in the second round.
  globalThis.gc();
  globalThis.gc();
  const file = process.env.BENCH_HEAP_FILE;
  writeFileSync(`${file}.part`, JSON.stringify(process.memoryUsage()));
  renameSync(`${file}.part`, file);
});
