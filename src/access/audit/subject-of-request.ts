import type { RequestFrame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";

/** What a request is about. */
export interface RequestSubject {
  readonly tool?: string;
  readonly prompt?: string;
  readonly uri?: string;
}

const LONGEST = 512;

export function subjectOfRequest({ method, params }: Pick<RequestFrame, "method" | "params">): RequestSubject {
  if (params === undefined) return NOTHING;
  const { name, uri } = params;
  if (typeof uri === "string") return { uri: uri.slice(0, LONGEST) };
  if (typeof name !== "string") return NOTHING;
  if (method === methods.callTool) return { tool: name.slice(0, LONGEST) };
  return method.startsWith("prompts/") ? { prompt: name.slice(0, LONGEST) } : NOTHING;
}

const NOTHING: RequestSubject = {};
