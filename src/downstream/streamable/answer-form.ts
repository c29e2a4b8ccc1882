import { GatewayError } from "../../protocol/errors.ts";
import { accepts } from "../accept.ts";

/**
 * The response format that a client accepts: one JSON body, an event stream, or either. A bare wildcard (curl) means JSON,
 * because only a client that names event streams can read them.
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
