import { GatewayError } from "../protocol/errors.ts";

/** `allow`: every method that this same path takes (RFC 9110 §15.5.6). */
export function methodNotAllowed(method: string | undefined, allow: string): GatewayError {
  return new GatewayError("method_not_allowed", `${method ?? ""} is not allowed here, but ${allow}.`, { allow });
}
