/** Takes the lines of the audit trail. One write at a time. */
export interface AuditSink {
  /** Resolves with the number of bytes taken; 0 when the place was opened meanwhile. Rejects when it takes nothing. */
  write(bytes: Uint8Array): Promise<number>;
  /** Counts how often the place was opened: a line that was cut in the middle begins again in a new place. */
  readonly generation: number;
  /** Opens the place anew, after its file was moved away. Rejects, and keeps what is open, when that fails. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** The output streams of the process, written without blocking. */
export interface TextOutput {
  write(text: string): void;
  /** Whether earlier text still waits for a reader. */
  readonly isWaiting: boolean;
}

interface SinkParts {
  readonly file: string | undefined;
  readonly stderr: TextOutput;
  readonly stdout: () => TextOutput;
}

/** A place for the trail: its name in the config, and how to open it. Rejects when it can never be written. */
export interface AuditSinkKind {
  readonly name: string;
  readonly open: (parts: SinkParts) => Promise<AuditSink>;
}
