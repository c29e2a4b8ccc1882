/**
 * What the console's page asks the gateway, as JSON. All paths are below `/console/api`. A POST needs the header
 * `X-Console-Token` with the token that the page was served with, and answers with the error bodies of REST (RFC 9457).
 *
 * - `GET /state` → ConsoleState
 * - `GET /events` → server-sent events: `state` (ConsoleState, when something has changed, at most once a second) and `point`
 *   (HistoryPoint, every ten seconds). With `?session=<key>` also `backlog` (SessionLog), then `message` (SeenMessage) and
 *   `closed` (SessionEnd) when that session ends; the stream goes on. A reader that does not keep up gets `gap` ({ missed })
 *   instead of what it missed.
 * - `GET /history` → History
 * - `GET /sessions/<key>/messages/<n>` → SeenText
 * - `POST /sessions/<key>/end` → 204
 * - `POST /servers/<name>/stop` → 204; ends its processes: sessions hibernate
 * - `POST /servers/<name>/tools` → { tools: ListedTool[] }; lists them again
 * - `POST /servers/<name>/again` with AgainRequest → AgainResult; calls a tool in a process of its own
 */
export interface ConsoleState {
  readonly version: string;
  /** When this was true, in ms since 1970. */
  readonly at: number;
  /** Whether messages are recorded (`console.record`). */
  readonly records: boolean;
  readonly gateway: GatewayFigures;
  readonly servers: readonly ServerCard[];
  /** The most recently used first; of very many, only these. */
  readonly sessions: readonly SessionRow[];
  /** Sessions that this caller may see, but that are not listed, because there are too many. */
  readonly notListed: number;
  /** Sessions that ended a short while ago and whose messages are still kept, the latest first. */
  readonly ended: readonly EndedSession[];
}

export interface GatewayFigures {
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly loopDelayMs: number;
  readonly processes: number;
  /** Sessions that there are, also those that this caller may not see. */
  readonly sessions: number;
}

export interface ServerCard {
  readonly name: string;
  readonly kind: string;
  /** `up`, `failing`, `paused` or `unknown`, as in `GET /health/servers`. */
  readonly state: string;
  readonly era: string | undefined;
  readonly processes: number;
  readonly residentBytes: number;
  readonly sessions: number;
  readonly tools: number | undefined;
  readonly callsPerSecond: number;
  readonly errors: number;
  /** The end of its stderr, masked. */
  readonly stderr: string | undefined;
  /** Why it failed last, masked. */
  readonly lastError: string | undefined;
}

export interface SessionRow {
  /** Names the session in URLs; not its id, which is enough to use it where nothing authenticates. */
  readonly key: string;
  readonly server: string;
  readonly principal: string;
  readonly transport: string;
  readonly era: string;
  readonly ageMs: number;
  readonly idleMs: number;
  /** Undefined while it hibernates, and for a remote server. */
  readonly pid: number | undefined;
  readonly residentBytes: number | undefined;
  readonly calls: number;
}

export interface SessionEnd {
  /** In ms since 1970. */
  readonly endedAt: number;
  /** Why: `client closed`, `idle`, `ended by operator`, … */
  readonly reason: string;
}

export interface EndedSession extends SessionRow, SessionEnd {}

export interface SessionLog {
  readonly session: SessionRow | EndedSession;
  /** Messages that were recorded, but are no longer kept. */
  readonly forgotten: number;
  readonly messages: readonly SeenMessage[];
}

/** A message as it passed, without its text. */
export interface SeenMessage {
  /** Counts the messages of the session. */
  readonly n: number;
  /** In ms since 1970. */
  readonly at: number;
  readonly from: "client" | "server";
  readonly kind: "request" | "notification" | "response" | "error";
  /** Of the request, for its answer too. */
  readonly method: string | undefined;
  readonly id: string | undefined;
  /** The tool of a `tools/call`. */
  readonly tool: string | undefined;
  readonly bytes: number;
  /** Of an answer: the time since its request. */
  readonly ms: number | undefined;
  /** The gateway wrote this answer, because the server gave none, or was not asked. */
  readonly isOwn: boolean;
  /** An answer that is an error, or the result of a tool that says it failed. */
  readonly failed: boolean;
}

export interface SeenText {
  /** Masked; the beginning only when the message is long. */
  readonly text: string;
  readonly isCut: boolean;
}

export interface ListedTool {
  readonly name: string;
  readonly description: string | undefined;
  readonly inputSchema: unknown;
}

export interface AgainRequest {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** The answer of the server, a JSON-RPC response, as text. */
export interface AgainResult extends SeenText {
  readonly isError: boolean;
  readonly ms: number;
}

/** The last hour. */
export interface History {
  readonly everyMs: number;
  readonly points: readonly HistoryPoint[];
}

export interface HistoryPoint {
  /** In ms since 1970. */
  readonly at: number;
  readonly residentBytes: number;
  /** By the name of each server that this caller may see. */
  readonly servers: Readonly<Record<string, ServerPoint>>;
}

export interface ServerPoint {
  readonly callsPerSecond: number;
  /** Milliseconds; undefined when nothing was called. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly processes: number;
  readonly residentBytes: number;
}
