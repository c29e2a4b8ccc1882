interface Line {
  readonly level?: string;
  readonly message?: string;
  readonly sessionId?: string;
  readonly requestId?: string;
  readonly reason?: string;
  readonly cause?: string;
}

interface Seen {
  readonly requestId: string;
  readonly openedAt: number;
  closedAt: number | undefined;
}

/** What the last-resort handler logs, and the message of an internal error. */
const UNEXPECTED = "Unexpected error: shutting down";
const LAST_LINES = 30;

/** Reads the gateway's JSON log: which HTTP request opened which session, and when it ended. */
export class LogWatch {
  /** Log lines that must not occur. */
  readonly errors: string[] = [];
  readonly last: string[] = [];
  /** The last-resort handler was called. */
  onUnexpected: () => void = () => undefined;
  readonly #sessions = new Map<string, Seen>();
  readonly #left = new Map<string, { readonly at: number; readonly by: string }>();
  #rest = "";
  readonly #open = new Set<string>();

  readonly hear = (text: string): void => {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#read(line);
  };

  /** Sessions that have a process, or are on their way to one. */
  get sessions(): number {
    return this.#open.size;
  }

  /** The client whose HTTP request may have opened a session has left. */
  left(requestId: string, by: string): void {
    this.#left.set(requestId, { at: Date.now(), by });
  }

  /** Sessions that outlived their client by more than `graceMs`. Called at the end; each is reported once. */
  outlived(graceMs: number): string[] {
    const found: string[] = [];
    for (const { requestId, openedAt, closedAt } of this.#sessions.values()) {
      const left = this.#left.get(requestId);
      if (left === undefined) continue;
      this.#left.delete(requestId);
      const lateMs = (closedAt ?? Date.now()) - Math.max(left.at, openedAt);
      if (closedAt === undefined || lateMs > graceMs) found.push(left.by);
    }
    return found;
  }

  #read(text: string): void {
    this.last.push(text.slice(0, 600));
    if (this.last.length > LAST_LINES) this.last.shift();
    const { level, message = "", sessionId, requestId = "", reason, cause } = parsed(text);
    if (message === UNEXPECTED || (level === "error" && reason === "internal"))
      this.errors.push(`${message} ${cause ?? ""}`);
    if (message === UNEXPECTED) this.onUnexpected();
    if (sessionId === undefined) return;
    if (/^New [\w+ ]+ connection for /.test(message)) {
      this.#open.add(sessionId);
      this.#sessions.set(sessionId, { requestId, openedAt: Date.now(), closedAt: undefined });
    } else if (/^Session of \S+ wakes/.test(message)) {
      this.#open.add(sessionId);
    } else if (/^Session of \S+ (?:closed|hibernates)/.test(message) || (level === "warn" && reason !== undefined)) {
      // At this level a process that ended by itself has only that one line.
      this.#open.delete(sessionId);
      const seen = this.#sessions.get(sessionId);
      if (seen !== undefined) seen.closedAt = Date.now();
    }
  }
}

function parsed(text: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return { message: text };
  }
}
