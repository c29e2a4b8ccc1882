/** How the process of a stdio server is started, and whether its stderr is exposed to callers. */
export interface StdioCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly path?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly inheritEnv: boolean;
  /** Whether error responses may contain the end of its stderr. */
  readonly exposeStderr: boolean;
}
