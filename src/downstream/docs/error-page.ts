import type { Request, Response } from "express";
import type { GatewayError } from "../../protocol/errors.ts";
import type { DocumentContext } from "../openapi/context.ts";
import type { ErrorWriter } from "../refusals.ts";
import { problemWriter } from "../rest/problem.ts";
import { signInPage } from "./credential-form.ts";
import { rootOf, sendPage, wantsHtml } from "./frame.ts";
import { html } from "./html.ts";

/** Errors on page routes: HTML for browsers, a problem body for programs. */
export function pageErrorWriter(context: DocumentContext): ErrorWriter<Request, Response> {
  const { documents } = context;
  const writeProblem = problemWriter(context);
  return (error, request, response) => {
    if (!wantsHtml(request)) return writeProblem(error, request, response);
    const body = error.reason === "unauthorized" ? signInPage(documents.security, error.message) : errorPage(error);
    sendPage(response, error.status, { title: documents.info.title, body, root: rootOf(request) });
  };
}

const errorPage = ({ status, message }: GatewayError) =>
  html`<main class="narrow">
    <h1>${status}</h1>
    <p class="text">${message}</p>
  </main>`;
