import ignoring from "@balena/dockerignore";

// Parses the subset of Dockerfile syntax that ours uses: stages, and instructions in order (docs.docker.com/reference/dockerfile).

export interface Instruction {
  readonly op: string;
  /** `--from=build` → from: build. */
  readonly flags: ReadonlyMap<string, string>;
  /** Everything after the flags, on one line. */
  readonly text: string;
}

export interface Stage {
  readonly from: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

export function stagesOf(dockerfile: string): Stage[] {
  const stages: { from: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const instruction of instructionsOf(dockerfile)) {
    if (instruction.op === "FROM") {
      const [, from = "", name] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(instruction.text) ?? [];
      stages.push({ from, name, instructions: [] });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** The words of a COPY, or the elements of a list in brackets: `["tini", "--"]`. */
export function wordsOf(text: string): string[] {
  return text.startsWith("[") ? (JSON.parse(text) as string[]) : text.split(/\s+/);
}

/** `A=1 B=2` → A: 1, B: 2. */
export function assignmentsOf(text: string): [string, string][] {
  return wordsOf(text).map((word) => {
    const at = word.indexOf("=");
    return [word.slice(0, at), word.slice(at + 1)];
  });
}

/** The last instruction of this kind in a stage and the stages it is based on. */
export function lastOf(stages: readonly Stage[], stage: Stage, op: string): Instruction | undefined {
  const own = stage.instructions.findLast((instruction) => instruction.op === op);
  const base = stages.find(({ name }) => name === stage.from);
  return own ?? (base === undefined ? undefined : lastOf(stages, base, op));
}

function instructionsOf(dockerfile: string): Instruction[] {
  const lines = dockerfile.split("\n").filter((line) => !/^\s*#/.test(line));
  const joined = lines.join("\n").replaceAll(/\\\n\s*/g, "");
  return joined.split("\n").flatMap((line) => {
    const [, op = "", flags = "", text = ""] = /^\s*([A-Z]+)\s+((?:--\S+\s+)*)(.*)$/.exec(line) ?? [];
    if (op === "") return [];
    const entries = flags.trim().split(/\s+/).filter(Boolean);
    return { op, text, flags: new Map(entries.map((flag) => split(flag.slice(2)))) };
  });
}

function split(flag: string): [string, string] {
  const at = flag.indexOf("=");
  return at === -1 ? [flag, ""] : [flag.slice(0, at), flag.slice(at + 1)];
}

/** A filter for the files that a .dockerignore excludes from the build context. */
export function ignoredBy(dockerignore: string): (file: string) => boolean {
  const rules = ignoring.default().add(dockerignore);
  return (file) => rules.ignores(file);
}
