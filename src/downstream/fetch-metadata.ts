import type { IncomingMessage } from "node:http";
import { pathOf } from "./target.ts";

/** Pages that a person may open by following a link from any site. */
const FOR_PEOPLE = /^\/(?:docs|problems)(?:\/|$)|^\/(?:console|dashboard)?$/;

/**
 * Whether a browser reports that a page of another origin makes this request (Fetch Metadata, Sec-Fetch-Site). `same-site` counts
 * as another origin too: it covers sibling domains and other ports of this machine. A client that sends no such header, or an
 * unknown value, is not considered a browser.
 */
export function isCrossSite({ method, url = "", headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== "cross-site" && site !== "same-site") return false;
  const isVisit =
    method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return !(isVisit && FOR_PEOPLE.test(pathOf(url)));
}
