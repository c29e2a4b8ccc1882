import { Router, type Request, type Response } from "express";
import { GatewayError } from "../../protocol/errors.ts";
import type { DocumentContext } from "../openapi/context.ts";
import { publicPrefix } from "../public-path.ts";
import { readOnly } from "../read-only.ts";
import { rootOf, sendPage, setPageHeaders, wantsHtml } from "./frame.ts";
import { html, type Html } from "./html.ts";
import { codeOf, PROBLEM_CODES, type ProblemCode } from "./problem-codes.ts";

/** `/problems` and `/problems/<code>`: the target of `type` in problem bodies (RFC 9457 §3.1.1). Public. */
export function problemRoutes({ publicPath }: Pick<DocumentContext, "publicPath">): Router {
  const router = Router({ caseSensitive: true });
  router.use("/problems", readOnly);
  router.get("/problems", (request, response) => {
    const all = [...PROBLEM_CODES];
    if (wantsHtml(request)) return showProblems(request, response, all);
    sendProblems(response, { problems: all.map((entry) => described(entry, publicPrefix(request, publicPath))) });
  });
  router.get("/problems/:name", (request, response) => {
    const entry = entryOf(request.params.name);
    if (wantsHtml(request)) return showProblems(request, response, [entry]);
    sendProblems(response, described(entry, publicPrefix(request, publicPath)));
  });
  return router;
}

type ProblemEntry = readonly [code: string, problem: ProblemCode];

/** Finds an entry by code, or by one of the reasons that share a code. */
function entryOf(name: string): ProblemEntry {
  const code = codeOf(name);
  const problem = code === undefined ? undefined : PROBLEM_CODES.get(code);
  if (code === undefined || problem === undefined)
    throw new GatewayError("not_found", "There is no problem with this code.");
  return [code, problem];
}

const described = ([code, problem]: ProblemEntry, prefix: string): object => ({
  code,
  type: `${prefix}/problems/${code}`,
  ...problem,
});

function sendProblems(response: Response, body: object): void {
  setPageHeaders(response);
  response.vary("Accept").set("Cache-Control", "no-cache").json(body);
}

function showProblems(request: Request, response: Response, listed: readonly ProblemEntry[]): void {
  const root = rootOf(request);
  const isOne = listed.length === 1;
  const body = html`<main class="narrow">
    ${isOne ? html`<p><a href="${root}problems">All problems</a></p>` : html`<h1>Problems</h1>`}
    ${listed.map(([code, problem]) => section(code, problem, isOne, root))}
  </main>`;
  const [first] = listed;
  response.vary("Accept");
  sendPage(response, 200, { title: isOne && first !== undefined ? first[0] : "Problems", body, root });
}

function section(
  code: string,
  { status, meaning, action, reasons = {} }: ProblemCode,
  isOne: boolean,
  root: string,
): Html {
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
    ${Object.entries(reasons).map(([reason, what]) => html`<p class="text"><code>${reason}</code>: ${what}</p>`)}
  </section>`;
}
