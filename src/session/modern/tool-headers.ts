import { member } from "../../lib/json.ts";
import { headerParams, type HeaderParam } from "../../protocol/eras/param-headers.ts";
import { MODERN_REVISION, metaKeys } from "../../protocol/eras/modern.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import { requestLine } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import { resultOf } from "../../protocol/result-text.ts";
import { ToolReader } from "../../protocol/tool-reader.ts";
import type { Cancel } from "../../protocol/modern-call.ts";
import type { PassedCall } from "./modern-session.ts";

type ParamsByTool = ReadonlyMap<string, readonly HeaderParam[]>;

type Pass = (call: PassedCall) => Cancel | Promise<Cancel>;

const NOTHING: readonly HeaderParam[] = [];
const MAX_AGE_MS = 60_000;
const MAX_PAGES = 100;

/**
 * Which arguments the tools of a server want repeated in headers. Servers behind a pipe never see the headers, so the gateway has to
 * check them, and asks for the list of tools once a minute at most.
 */
export class ToolHeaders {
  #known: ParamsByTool | undefined;
  #pending: Promise<ParamsByTool> | undefined;
  #listedAt = 0;
  readonly #server: string;
  readonly #listingMs: number;

  /** `listingMs`: how long the list may take, all pages together. */
  constructor(server: string, listingMs: number) {
    this.#server = server;
    this.#listingMs = listingMs;
  }

  /** `pass` passes a request on to a process. */
  of(tool: string, pass: Pass): readonly HeaderParam[] | Promise<readonly HeaderParam[]> {
    if (this.#known === undefined) return this.#list(pass).then((known) => known.get(tool) ?? NOTHING);
    if (performance.now() - this.#listedAt >= MAX_AGE_MS) this.#list(pass).catch(() => undefined);
    return this.#known.get(tool) ?? NOTHING;
  }

  /** The server has announced other tools. */
  changed(): void {
    this.#known = undefined;
    this.#pending = undefined;
  }

  /** Rejects when nothing is known and the server cannot be asked: what cannot be checked is not passed on. */
  #list(pass: Pass): Promise<ParamsByTool> {
    if (this.#pending !== undefined) return this.#pending;
    this.#listedAt = performance.now();
    const pending = list(this.#server, pass, performance.now() + this.#listingMs).then((known) => {
      // Unless the tools have changed meanwhile.
      if (this.#pending === pending) this.#known = known;
      return known;
    });
    this.#pending = pending;
    const settled = (): void => {
      if (this.#pending === pending) this.#pending = undefined;
    };
    pending.then(settled, settled);
    return pending;
  }
}

async function list(server: string, pass: Pass, endsAt: number): Promise<ParamsByTool> {
  const params = new Map<string, readonly HeaderParam[]>();
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await ask(pass, cursor, endsAt - performance.now());
    const result = answer.failed ? {} : resultOf(answer.line);
    if (answer.line.includes("x-mcp-header")) {
      const reader = new ToolReader(server);
      reader.read(result);
      for (const { name, inputSchema } of reader.tools.values()) params.set(name, headerParams(inputSchema));
    }
    cursor = member(result, "nextCursor");
    if (typeof cursor !== "string") break;
  }
  return params;
}

function ask(pass: Pass, cursor: unknown, timeoutMs: number): Promise<ResponseFrame> {
  const _meta = { [metaKeys.protocolVersion]: MODERN_REVISION, [metaKeys.clientCapabilities]: {} };
  const params = { _meta, ...(typeof cursor === "string" && { cursor }) };
  const line = requestLine(1, methods.listTools, JSON.stringify(params));
  const frame: RequestFrame = { kind: "request", id: 1, method: methods.listTools, params, line };
  return new Promise((resolve, reject) => {
    const passed = pass({
      frame,
      envelope: { capabilities: {}, logLevel: undefined },
      requestId: "tool headers",
      isOwn: true,
      timeoutMs: Math.max(0, timeoutMs),
      reply: {
        message: () => undefined,
        answer: (answer) => (answer.fault === undefined ? resolve(answer) : reject(answer.fault)),
        withdrawn: () => reject(new GatewayError("session_ended", "The tools could not be listed.")),
      },
    });
    if (passed instanceof Promise) passed.catch(reject);
  });
}
