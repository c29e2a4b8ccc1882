import type { RequestHandler } from "express";
import { GatewayError } from "../protocol/errors.ts";

/** Allows GET and HEAD only. */
export const readOnly: RequestHandler = ({ method }, _response, next) => {
  if (method === "GET" || method === "HEAD") return next();
  throw new GatewayError("method_not_allowed", `${method} is not allowed here.`, { allow: "GET" });
};
