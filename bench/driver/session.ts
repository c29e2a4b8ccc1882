/** The address of a relay, and the credentials for it. */
export interface Address {
  readonly port: number;
  readonly server: string;
  /** Sent as a Bearer token. */
  readonly token: string;
}

/** A call of a tool with the arguments `{<before>"message":"<id><padding>"}`, which identify the call. */
export interface Call {
  readonly tool: string;
  /** Members before the message, each with its comma: `"bytes":1048576,`. */
  readonly before: string;
  readonly padding: string;
  /** Whether the response must begin with the id. */
  readonly echoes: boolean;
  /** The minimum size of the response. */
  readonly bytes: number;
  /** The number of notifications that must precede the response; undefined means any number. */
  readonly notifications: number | undefined;
}

export const ECHO: Call = { tool: "echo", before: "", padding: "", echoes: true, bytes: 0, notifications: 0 };

/** The response to a call. */
export interface Answer {
  /** The text as received; of a long one the two ends. */
  readonly text: string;
  readonly bytes: number;
  readonly notifications: number;
}

export interface Outcome {
  /** Undefined when the response is the right one for this call. */
  readonly failure: string | undefined;
  readonly text: string;
}

export type Done = (outcome: Outcome) => void;

/** The client of one session, with prebuilt requests and connections of its own. */
export interface LoadSession {
  /** Resolves after the handshake, rejects when it is refused. */
  open(): Promise<void>;
  /** Prepares calls of one kind. The returned function makes one; a lane is a connection, which carries one call at a time. */
  prepare(call: Call): (lane: number, done: Done) => void;
  /** Closes the session as a well-behaved client does. */
  close(): Promise<void>;
  /** Closes all its connections without ending the session. */
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
