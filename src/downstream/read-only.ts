import type { RequestHandler } from "express";
import { methodNotAllowed } from "./method-not-allowed.ts";

/** Allows GET and HEAD only. */
export const readOnly: RequestHandler = ({ method }, _response, next) => {
  if (method === "GET" || method === "HEAD") return next();
  throw methodNotAllowed(method, "GET, HEAD");
};
