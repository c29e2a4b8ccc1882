import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { assignmentsOf, ignoredBy, lastOf, stagesOf, wordsOf, type Instruction, type Stage } from "./dockerfile.ts";
import { ROOT } from "./gateway.ts";

const run = promisify(execFile);

/** What is run of the image. */
export interface Image {
  /** Stands for `/`. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly health: readonly string[];
}

/**
 * Builds a stage of the Dockerfile without docker: an empty folder stands for `/`, COPY copies from the build context or from
 * another stage, RUN runs. Only the installation of Debian packages is skipped.
 */
export async function replayImage(folder: string): Promise<Image> {
  const stages = stagesOf(readFileSync(join(ROOT, "Dockerfile"), "utf8"));
  const final = stages.at(-1);
  const stage = stages.find(({ name }) => name === final?.from);
  if (final === undefined || stage === undefined) throw new Error("the Dockerfile has no last stage");
  const builds = new Map<string, string>();
  for (const one of stages.slice(0, stages.indexOf(stage) + 1)) {
    const name = one.name ?? "";
    const root = join(folder, name);
    builds.set(name, root);
    await replay(one, root, builds);
  }
  const root = builds.get(stage.name ?? "") ?? "";
  const listOf = (op: string): string[] => wordsOf(lastOf(stages, final, op)?.text ?? "[]");
  return {
    root,
    env: envOf(stage, root),
    entrypoint: listOf("ENTRYPOINT"),
    cmd: listOf("CMD"),
    health: wordsOf((lastOf(stages, final, "HEALTHCHECK")?.text ?? "").replace(/^CMD\s+/, "")),
  };
}

async function replay({ instructions }: Stage, root: string, builds: ReadonlyMap<string, string>): Promise<void> {
  let workdir = root;
  mkdirSync(root, { recursive: true });
  for (const instruction of instructions) {
    if (instruction.op === "WORKDIR") mkdirSync((workdir = join(root, instruction.text)), { recursive: true });
    if (instruction.op === "COPY") copy(instruction, workdir, builds);
    if (instruction.op === "RUN" && !instruction.text.startsWith("apt-get")) {
      // The packages that this clone was installed from stand for the cache that the build mounts.
      const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], npm_config_prefer_offline: "true" };
      await run("sh", ["-ec", instruction.text], { cwd: workdir, env });
    }
  }
}

function copy({ flags, text }: Instruction, workdir: string, builds: ReadonlyMap<string, string>): void {
  const words = wordsOf(text);
  const target = words.at(-1) ?? "";
  const from = flags.get("from");
  const base = from === undefined ? ROOT : builds.get(from);
  if (base === undefined) throw new Error(`there is no stage ${from}`);
  const isIgnored = ignoredBy(readFileSync(join(ROOT, ".dockerignore"), "utf8"));
  const isLetThrough = (file: string): boolean =>
    from !== undefined || statSync(file).isDirectory() || !isIgnored(file.slice(ROOT.length + 1));
  for (const source of words.slice(0, -1)) {
    const path = join(base, source);
    const isFolder = statSync(path).isDirectory();
    if (!isLetThrough(path) || (isFolder && readdirSync(path).length === 0))
      throw new Error(`COPY ${source}: .dockerignore keeps it back, or it is empty`);
    const into = resolve(workdir, target);
    cpSync(path, isFolder || !target.endsWith("/") ? into : join(into, basename(source)), {
      recursive: true,
      filter: isLetThrough,
    });
  }
}

/** The variables of the image, with its absolute paths below `root`. */
function envOf({ instructions }: Stage, root: string): NodeJS.ProcessEnv {
  const assigned = instructions.filter(({ op }) => op === "ENV").flatMap(({ text }) => assignmentsOf(text));
  const mapped = assigned.map(([name, value]) => {
    const here = value.replaceAll(/(?<=^|:)\//g, `${root}/`);
    return [name, here.replaceAll("$PATH", process.env["PATH"] ?? "")];
  });
  return Object.fromEntries(mapped);
}
