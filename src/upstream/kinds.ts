import type { UpstreamKind } from "./kind.ts";
import { sse, streamableHttp } from "./http/http-kinds.ts";
import { stdio } from "./stdio-kind.ts";

/** The registry: a new kind is one file and one line here. */
export const upstreamKinds: readonly UpstreamKind[] = [stdio, streamableHttp, sse];
