import type { Redactor } from "../../lib/redactor.ts";
import { keptText } from "../../observability/recording/kept-line.ts";
import { lengthOf, type RecordedMessage, type Recording } from "../../observability/recording/recording.ts";
import type { SeenMessage, SeenText } from "./console-api.ts";
import { maskedText } from "./masked-text.ts";

/** Methods and ids are any text; longer ones are shown in part. */
const SHOWN = 128;

/** The kept messages of a session from `n` on. */
export function messagesFrom(recording: Recording, n: number, redactor: Redactor): SeenMessage[] {
  return recording.from(n).map((entry) => seen(entry, recording, redactor));
}

export function textOf(entry: RecordedMessage, redactor: Redactor): SeenText {
  const { text, isCut } = keptText(entry.kept, lengthOf(entry));
  return { text: maskedText(text, redactor), isCut };
}

function seen(entry: RecordedMessage, recording: Recording, redactor: Redactor): SeenMessage {
  const { n, at, from, kind, id, isOwn, failed, isToolError } = entry;
  const asked = kind === "response" && from === "client" ? questionOf(entry, recording) : undefined;
  const { method = asked?.method, tool } = entry;
  return {
    n,
    at,
    from,
    kind: kind === "response" && failed ? "error" : kind,
    method: shown(method, redactor),
    id: id === undefined ? undefined : redactor.line(String(id), SHOWN),
    tool: shown(tool, redactor),
    bytes: lengthOf(entry),
    ms: entry.ms ?? (asked === undefined ? undefined : at - asked.at),
    isOwn,
    failed: failed || isToolError,
  };
}

/** The request of the server that the client answers. */
function questionOf({ n, id }: RecordedMessage, recording: Recording): RecordedMessage | undefined {
  for (let before = n - 1; before >= recording.first; before--) {
    const entry = recording.get(before);
    if (entry?.kind === "request" && entry.from === "server" && entry.id === id) return entry;
  }
  return undefined;
}

const shown = (text: string | undefined, redactor: Redactor): string | undefined =>
  text === undefined ? undefined : redactor.line(text, SHOWN);
