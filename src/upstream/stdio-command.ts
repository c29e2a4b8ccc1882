/** How the process of a stdio server is started, and what callers may read of it. */
export interface StdioCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly path?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly inheritEnv: boolean;
  /** Callers may read the last words of the process. */
  readonly exposeStderr: boolean;
}
