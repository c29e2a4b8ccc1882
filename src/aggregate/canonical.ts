import type { JsonObject } from "../lib/json.ts";
import { isObject } from "../lib/json.ts";
import type { RequestFrame } from "../protocol/frame.ts";
import { methods } from "../protocol/methods.ts";
import type { Subject } from "./addressing.ts";
import { uriWithServer, type Aim } from "./naming.ts";

/** A name that means the same on every table of names. */
export const canonicalName = ({ kind }: Subject, { server, name }: Aim): string =>
  kind === "resource" ? uriWithServer(server, name) : `${server}:${name}`;

/** The request as it reads at its server. Its line stays as it came: it is for those who are asked about the request. */
export function asAtServer(frame: RequestFrame, { name }: Aim): RequestFrame {
  return { ...frame, params: paramsWith(frame, name) };
}

function paramsWith({ method, params = {} }: RequestFrame, name: string): JsonObject {
  if (method === methods.callTool || method === methods.getPrompt) return { ...params, name };
  if (method !== methods.complete) return { ...params, uri: name };
  const { ref } = params;
  if (!isObject(ref)) return params;
  return { ...params, ref: ref["type"] === "ref/resource" ? { ...ref, uri: name } : { ...ref, name } };
}
