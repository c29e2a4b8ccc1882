import type { IncomingMessage } from "node:http";
import { pathOf } from "./target.ts";

/** Pages that a person may come to by a link from anywhere. */
const FOR_PEOPLE = /^\/(?:docs|problems)(?:\/|$)|^\/$/;

/**
 * Whether a browser says that a page of another origin makes this request (Fetch Metadata, Sec-Fetch-Site). `same-site` is
 * another origin, too: a sibling domain, or another port of this machine. What sends no such header, or a value that the
 * standard does not know, is taken for no browser.
 */
export function isCrossSite({ method, url = "", headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== "cross-site" && site !== "same-site") return false;
  const isVisit =
    method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return !(isVisit && FOR_PEOPLE.test(pathOf(url)));
}
