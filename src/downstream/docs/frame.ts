import type { Request, Response } from "express";
import { accepts } from "../accept.ts";
import { html, type Html } from "./html.ts";

/**
 * Content security policy (CSP level 3): only our own files are loaded, and nothing in the page can run inline, submit elsewhere
 * or be framed, because text from servers is shown next to a field for credentials.
 */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The headers of every HTML response. */
export function setPageHeaders(response: Response): void {
  response
    .set("Content-Security-Policy", POLICY)
    .set("X-Content-Type-Options", "nosniff")
    .set("Referrer-Policy", "no-referrer")
    .set("Cross-Origin-Opener-Policy", "same-origin");
}

export interface Page {
  readonly title: string;
  readonly body: Html;
  /** The relative path from this page to the root of the gateway, see `rootFrom`. */
  readonly root: string;
}

export function sendPage(response: Response, status: number, page: Page): void {
  setPageHeaders(response);
  response.status(status).set("Cache-Control", "no-store").type("html").send(frame(page));
}

/** The relative path from the requested page to the root of the gateway. */
export const rootOf = ({ originalUrl }: Request): string => rootFrom(originalUrl.split("?", 1)[0] ?? "");

/** Relative, so that pages work below any prefix that a proxy strips: `/docs` → `./`, `/docs/` → `../`. */
export function rootFrom(path: string): string {
  const depth = path.split("/").length - 2;
  return depth === 0 ? "./" : "../".repeat(depth);
}

/** Whether the client is a browser; programs accept anything or JSON. */
export function wantsHtml({ headers }: Request): boolean {
  const { accept } = headers;
  return accept !== undefined && accept.includes("text/html") && accepts(accept, "text/html");
}

/** An inline icon: without one, browsers request /favicon.ico and log the error. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#2f6fd6"/>' +
    '<path d="M4 12V7a4 4 0 0 1 8 0v5" fill="none" stroke="#fff" stroke-width="2"/></svg>',
)}`;

function frame({ title, body, root }: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="${ICON}" />
        <link rel="stylesheet" href="${root}docs/style.css" />
        <script type="module" src="${root}docs/page.js"></script>
      </head>
      <body>
        ${body}
      </body>
    </html> `.toString();
}
