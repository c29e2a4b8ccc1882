import { GatewayError } from "../../protocol/errors.ts";
import { accepts } from "../accept.ts";

/**
 * How a client wants its answers: as one JSON body, as an event stream, or whichever suits. A bare wildcard (curl) means JSON: only who
 * names event streams can read them.
 */
export type AnswerForm = "json" | "stream" | "either";

export function answerForm(accept: string | undefined): AnswerForm {
  // What the SDKs send with every message.
  if (accept === "application/json, text/event-stream") return "either";
  const namesStreams = accept !== undefined && /text\/(?:event-stream|\*)/i.test(accept);
  const takesStreams = namesStreams && accepts(accept, "text/event-stream");
  const takesJson = accepts(accept, "application/json");
  if (takesStreams) return takesJson ? "either" : "stream";
  if (takesJson) return "json";
  throw new GatewayError("not_acceptable", "Accept application/json, text/event-stream, or both.");
}
