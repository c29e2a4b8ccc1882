import { ProxyTracerProvider, trace } from "@opentelemetry/api";
import { member } from "../../lib/json.ts";

/** Where every copy of @opentelemetry/api keeps what an SDK has registered. */
const GLOBAL = Symbol.for("opentelemetry.js.api.1");

export interface RegisteredSdk {
  readonly isRegistered: boolean;
  /** Set when an SDK is there but was registered with a version of the API that is too old for ours. */
  readonly tooOld?: string;
}

/**
 * Whether the process was started with an OpenTelemetry SDK (`node --import …`). It is registered through the user's own copy of
 * the API; ours finds it unless that copy is older.
 */
export function registeredSdk(): RegisteredSdk {
  const provider = trace.getTracerProvider();
  const nothing = new ProxyTracerProvider().getDelegate();
  if (!(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== nothing) return { isRegistered: true };
  const found: unknown = Reflect.get(globalThis, GLOBAL);
  const version = member(found, "trace") === undefined ? undefined : member(found, "version");
  return { isRegistered: false, ...(typeof version === "string" && { tooOld: version }) };
}
