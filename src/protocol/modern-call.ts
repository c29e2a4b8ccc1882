import type { RequestEnvelope } from "./eras/modern-request.ts";
import type { HeaderParam } from "./eras/param-headers.ts";
import type { Reply } from "./exchange.ts";
import type { RequestFrame } from "./frame.ts";
import type { Principal } from "./principal.ts";
import type { Quota } from "./quota.ts";
import type { CallerHeaders } from "./upstream.ts";

/** One request of MCP 2026-07-28, which belongs to no session. */
export interface ModernCall {
  readonly principal: Principal;
  readonly server: string;
  /** The id of the HTTP request, as in the log and the audit trail. */
  readonly requestId: string;
  readonly frame: RequestFrame;
  readonly envelope: RequestEnvelope;
  readonly reply: Reply;
  /** Headers of the HTTP request, as far as some server wants any. */
  readonly caller?: CallerHeaders | undefined;
  /** Hears how much of its rate limit the caller has left, before the request is passed on. */
  readonly onQuota?: ((quota: Quota) => void) | undefined;
  /** Throws when the arguments that this tool wants repeated in headers are not. Called for `tools/call`, before it is passed on. */
  readonly checkParams: (params: readonly HeaderParam[]) => void;
}

/** Ends a request that its client does not wait for any longer; without effect when it is over. */
export type Cancel = () => void;

/** The servers, for clients without a session. */
export interface ModernServers {
  /** Passes a request on. Throws or rejects with a GatewayError when it is refused; by then its reply may not have been called. */
  call(call: ModernCall): Cancel | Promise<Cancel>;
}
