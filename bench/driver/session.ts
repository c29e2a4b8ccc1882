/** Where a relay is, and how it knows us. */
export interface Address {
  readonly port: number;
  readonly server: string;
  /** Sent as a Bearer token. */
  readonly token: string;
}

/** A call of a tool whose arguments are `{<before>"message":"<id><padding>"}`: each call can be told from all others. */
export interface Call {
  readonly tool: string;
  /** Members before the message, each with its comma: `"bytes":1048576,`. */
  readonly before: string;
  readonly padding: string;
  /** The answer must begin with the id. */
  readonly echoes: boolean;
  /** The answer must have at least so many bytes. */
  readonly bytes: number;
  /** So many notifications must come before the answer; undefined = as many as will. */
  readonly notifications: number | undefined;
}

export const ECHO: Call = { tool: "echo", before: "", padding: "", echoes: true, bytes: 0, notifications: 0 };

/** What came back for a call. */
export interface Answer {
  /** As it came; of a long one the two ends. */
  readonly text: string;
  readonly bytes: number;
  readonly notifications: number;
}

export interface Outcome {
  /** Undefined when it is the right answer to this call. */
  readonly failure: string | undefined;
  readonly text: string;
}

export type Done = (outcome: Outcome) => void;

/** The client of one session, with requests built beforehand and connections of its own. */
export interface LoadSession {
  /** Resolves after the handshake, rejects when it is refused. */
  open(): Promise<void>;
  /** Prepares calls of one kind. The returned function makes one; a lane is a connection, which holds one call at a time. */
  prepare(call: Call): (lane: number, done: Done) => void;
  /** As a polite client ends it. */
  close(): Promise<void>;
  /** Cuts all its connections. */
  drop(): void;
}

export function judge(call: Call, id: number, answer: Answer): Outcome {
  return { failure: failureOf(call, id, answer), text: answer.text };
}

function failureOf(call: Call, id: number, { text, bytes, notifications }: Answer): string | undefined {
  if (isError(text)) return "an error";
  if (call.echoes && !text.includes(`"text":"${id}`)) return "somebody else's answer";
  if (bytes < call.bytes) return `${bytes} bytes instead of ${call.bytes}`;
  if (call.notifications !== undefined && notifications !== call.notifications)
    return `${notifications} notifications instead of ${call.notifications}`;
  return undefined;
}

export const isError = (text: string): boolean => text.includes('"error":{');
