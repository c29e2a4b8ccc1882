/** One mistake in a config file: where, what, and what to do. */
export interface Problem {
  readonly message: string;
  /** Where it stands, counted from 1; undefined when it is about the file as a whole. */
  readonly position?: Position | undefined;
}

export interface Position {
  readonly line: number;
  readonly column: number;
  /** The source line with a mark below, its value masked where it may be a secret. */
  readonly frame?: string | undefined;
}

/** Every mistake at once: a config that cannot be used (exit code 78, EX_CONFIG of sysexits). */
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
  const { line, column, frame } = position;
  return `${file}:${line}:${column} ${message}${frame === undefined ? "" : `\n${frame}`}`;
}
