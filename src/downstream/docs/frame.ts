import type { IncomingMessage, ServerResponse } from "node:http";
import { html, type Html } from "./html.ts";

/**
 * Nothing but our own files is loaded and nothing in the page can run, send itself elsewhere or be framed (CSP level 3):
 * what a server says of itself is shown next to a field for credentials.
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

/** The headers of everything that a browser shows of us. */
export function setPageHeaders(response: ServerResponse): void {
  for (const [name, value] of PAGE_HEADERS) response.setHeader(name, value);
}

const PAGE_HEADERS = [
  ["Content-Security-Policy", POLICY],
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
] as const;

export interface Page {
  readonly title: string;
  readonly body: Html;
  /** The way from this page to the root of the gateway, see `rootFrom`. */
  readonly root: string;
}

export function sendPage(response: ServerResponse, status: number, page: Page): void {
  sendHtml(response, status, frame(page));
}

/** A whole page. */
export function sendHtml(response: ServerResponse, status: number, body: string): void {
  setPageHeaders(response);
  response.setHeader("Cache-Control", "no-store");
  response
    .writeHead(status, { "Content-Type": "text/html; charset=utf-8", "Content-Length": Buffer.byteLength(body) })
    .end(body);
}

/** The way to the root of the gateway from the page that was asked for. */
export function rootOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return rootFrom((request.originalUrl ?? request.url ?? "").split("?", 1)[0] ?? "");
}

/** Relative, so that pages work below any prefix that a proxy may take away: `/docs` → `./`, `/docs/` → `../`. */
export function rootFrom(path: string): string {
  const depth = path.split("/").length - 2;
  return depth <= 0 ? "./" : "../".repeat(depth);
}

/** Without one, browsers ask for /favicon.ico and log that there is none. */
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
