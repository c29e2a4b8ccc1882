import type { JsonObject } from "../../lib/json.ts";
import type { ResponseFrame } from "../../protocol/frame.ts";
import type { Connect, UpstreamListener } from "../../protocol/upstream.ts";
import type { ParkingOptions } from "./parking.ts";

export interface TranslationOptions extends ParkingOptions {
  readonly connect: Connect;
  readonly listener: UpstreamListener;
  /** What the clients of this process can be asked, as `initialize` says it. */
  readonly capabilities: JsonObject;
  readonly clientVersion: string;
  /** How much may be queued during the handshake. */
  readonly heldBytes: number;
  /** The server has refused `initialize`. */
  readonly onRefused: (answer: ResponseFrame) => void;
}
