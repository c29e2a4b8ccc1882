import type { NextFunction, Request, RequestHandler, Response } from "express";
import { GatewayError } from "../../protocol/errors.ts";
import type { DocumentContext } from "../openapi/routes.ts";
import { publicPrefix } from "../public-path.ts";
import { refuseWrites } from "./docs-routes.ts";
import { rootFrom, sendPage, setPageHeaders, wantsHtml } from "./frame.ts";
import { html, type Html } from "./html.ts";
import { PROBLEM_CODES, type ProblemCode } from "./problem-codes.ts";

/** `/problems` and `/problems/<code>`: where `type` of a problem body leads (RFC 9457 §3.1.1). For everybody. */
export function problemRoutes({ publicPath }: Pick<DocumentContext, "publicPath">): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const place = /^\/problems(?:\/([a-z_]*)\/?)?$/.exec(request.path);
    if (place === null) return next();
    refuseWrites(request);
    const [, code = ""] = place;
    const known = PROBLEM_CODES.get(code);
    if (code !== "" && known === undefined) throw new GatewayError("not_found", "No problem has this code.");
    const listed = known === undefined ? [...PROBLEM_CODES] : ([[code, known]] as const);
    response.vary("Accept");
    if (wantsHtml(request)) return showProblems(request, response, listed);
    setPageHeaders(response);
    const prefix = publicPrefix(request, publicPath);
    const described = listed.map(([name, problem]) => ({ code: name, type: `${prefix}/problems/${name}`, ...problem }));
    response.set("Cache-Control", "no-cache").json(known === undefined ? { problems: described } : described[0]);
  };
}

type ProblemEntries = readonly (readonly [code: string, problem: ProblemCode])[];

function showProblems(request: Request, response: Response, listed: ProblemEntries): void {
  const root = rootFrom(request.path);
  const isOne = listed.length === 1;
  const body = html`<main class="narrow">
    ${isOne ? html`<p><a href="${root}problems">All problems</a></p>` : html`<h1>Problems</h1>`}
    ${listed.map(([code, problem]) => section(code, problem, isOne, root))}
  </main>`;
  const [first] = listed;
  sendPage(response, 200, { title: isOne && first !== undefined ? first[0] : "Problems", body, root });
}

function section(code: string, { status, meaning, action }: ProblemCode, isOne: boolean, root: string): Html {
  return html`<section id="${code}">
    ${
      isOne
        ? html`<h1><code>${code}</code> <span class="hint">${status}</span></h1>`
        : html`<h2>
            <a href="${root}problems/${code}"><code>${code}</code></a> <span class="hint">${status}</span>
          </h2>`
    }
    <p class="text">${meaning}</p>
    <p class="text">${action}</p>
  </section>`;
}
