import { join } from "node:path";
import express, { type RequestHandler, type Response } from "express";
import { setPageHeaders } from "./docs/frame.ts";

/**
 * Style and scripts of a page: the same in every installation, so they need no credentials. The bundle has them in folders of the
 * same names beside it.
 */
export function pageAssets(folder: "docs/assets" | "console/assets"): RequestHandler {
  return express.static(join(import.meta.dirname, folder), {
    index: false,
    redirect: false,
    acceptRanges: false,
    cacheControl: false,
    setHeaders: (response: Response) => {
      setPageHeaders(response);
      response.set("Cache-Control", "no-cache");
    },
  });
}
