import { LRUCache } from "lru-cache";
import type { Redactor } from "../../lib/redactor.ts";
import { keptText } from "../../observability/recording/kept-line.ts";
import { lengthOf, type RecordedMessage, type Recording } from "../../observability/recording/recording.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";
import type { SeenMessage, SeenText } from "./console-api.ts";
import { maskedText } from "./masked-text.ts";

/** Methods and ids are any text; longer ones are shown in part. */
const SHOWN = 128;
const MAX_NAMES = 1_000;
const maskedNames = new WeakMap<Redactor, LRUCache<string, string>>();

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
    id: id === undefined ? undefined : shownId(id, redactor),
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

/** Names of methods and tools, masked; the same few pass again and again, and masking costs more than everything else. */
function shown(name: string | undefined, redactor: Redactor): string | undefined {
  if (name === undefined) return undefined;
  const names = maskedNames.get(redactor) ?? new LRUCache<string, string>({ max: MAX_NAMES });
  maskedNames.set(redactor, names);
  const known = names.get(name) ?? redactor.line(name, SHOWN);
  names.set(name, known);
  return known;
}

/** A number hides nothing. */
const shownId = (id: RequestId, redactor: Redactor): string =>
  typeof id === "string" ? redactor.line(id, SHOWN) : String(id);
