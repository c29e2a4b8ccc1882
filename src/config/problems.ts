/** One mistake in a config file: where it is, what is wrong, and what to do. */
export interface Problem {
  readonly message: string;
  /** Undefined when the problem concerns the file as a whole. */
  readonly position?: Position | undefined;
}

export interface Position {
  readonly line: number;
  readonly column: number;
  /** The source line with a mark below it, secrets masked. */
  readonly codeFrame?: string | undefined;
}

/** All mistakes of a config that cannot be used (exit code 78, EX_CONFIG of sysexits). */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map((problem) => problemText(file, problem)).join("\n"));
    this.problems = problems;
  }
}

function problemText(file: string, { message, position }: Problem): string {
  if (position === undefined) return `${file}: ${message}`;
  const { line, column, codeFrame } = position;
  return `${file}:${line}:${column} ${message}${codeFrame === undefined ? "" : `\n${codeFrame}`}`;
}
