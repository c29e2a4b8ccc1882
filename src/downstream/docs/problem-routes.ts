import { closest } from "../../lib/closest.ts";
import { Router, type Request, type Response } from "express";
import { GatewayError } from "../../protocol/errors.ts";
import type { DocumentContext } from "../openapi/context.ts";
import { prefersHtml } from "../accept.ts";
import { titleOf } from "../problem-title.ts";
import { publicPrefix } from "../public-path.ts";
import { readOnly } from "../read-only.ts";
import { rootOf, sendPage, setPageHeaders } from "./frame.ts";
import { html, type Html } from "./html.ts";
import { codeOf, PROBLEM_CODES, PROBLEM_NAMES, type ProblemCode } from "./problem-codes.ts";
import { REASON_TEXTS } from "./problem-reasons.ts";
import { problemExample } from "./problem-example.ts";

/** `/problems` and `/problems/<code>`: where `type` of a problem body leads (RFC 9457 §3.1.1). For everybody. */
export function problemRoutes({ publicPath }: Pick<DocumentContext, "publicPath">): Router {
  const router = Router({ caseSensitive: true });
  router.use("/problems", readOnly);
  router.get("/problems", (request, response) => {
    if (prefersHtml(request.headers.accept)) return showProblems(request, response);
    const all = [...PROBLEM_CODES].map(([code, problem]) => ({ name: code, code, problem }));
    sendProblems(response, { problems: all.map((entry) => described(entry, publicPrefix(request, publicPath))) });
  });
  router.get("/problems/:name", (request, response) => {
    const entry = entryOf(request.params.name);
    const prefix = publicPrefix(request, publicPath);
    if (prefersHtml(request.headers.accept)) return showProblem(request, response, entry, prefix);
    sendProblems(response, { ...described(entry, prefix), example: problemExample(entry.name, prefix)?.problem });
  });
  return router;
}

interface ProblemEntry {
  /** What was asked for: the code itself, or one of several reasons that share it. */
  readonly name: string;
  readonly code: string;
  readonly problem: ProblemCode;
}

function entryOf(name: string): ProblemEntry {
  const code = codeOf(name);
  const problem = code === undefined ? undefined : PROBLEM_CODES.get(code);
  if (code !== undefined && problem !== undefined) return { name, code, problem };
  const near = closest(name.slice(0, 80), PROBLEM_NAMES);
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
  throw new GatewayError("not_found", `No problem has this code.${hint} GET /problems lists them.`);
}

const described = ({ code, problem }: ProblemEntry, prefix: string): object => ({
  code,
  type: `${prefix}/problems/${code}`,
  title: titleOf(code),
  ...problem,
});

function sendProblems(response: Response, body: object): void {
  setPageHeaders(response);
  response.vary("Accept").set("Cache-Control", "no-cache").json(body);
}

function showProblems(request: Request, response: Response): void {
  const root = rootOf(request);
  const body = html`<main class="narrow">
    <p><a href="${root}docs">All servers and tools</a></p>
    <h1>Problems</h1>
    ${[...PROBLEM_CODES].map(
      ([code, { status, meaning }]) =>
        html`<section id="${code}">
          <h2>
            <a href="${root}problems/${code}">${titleOf(code)}</a>
            <span class="hint">${status} <code>${code}</code></span>
          </h2>
          <p class="text">${meaning}</p>
        </section>`,
    )}
  </main>`;
  response.vary("Accept");
  sendPage(response, 200, { title: "Problems", body, root });
}

function showProblem(request: Request, response: Response, entry: ProblemEntry, prefix: string): void {
  const { name, code, problem } = entry;
  const { status, meaning, reasons = {} } = problem;
  const [why, action] = REASON_TEXTS.get(name) ?? [problem.why, problem.action];
  const root = rootOf(request);
  const others = Object.entries(reasons).filter(([reason]) => reason !== name);
  const body = html`<main class="narrow">
    <p><a href="${root}problems">All problems</a></p>
    <h1>
      ${titleOf(name)} <span class="hint">${status} <code>${name}</code></span>
    </h1>
    ${name !== code && html`<p class="hint">On REST its code is <code>${code}</code>, its reason <code>${name}</code>.</p>`}
    <h2>What happened</h2>
    <p class="text">${reasons[name] ?? meaning}</p>
    <h2>Why</h2>
    <p class="text">${why}</p>
    <h2>What to do</h2>
    <p class="text">${action}</p>
    ${examples(name, prefix)}
    ${
      others.length > 0 &&
      html`<h2>${name === code ? "Reasons" : "Other reasons with this code"}</h2>
        <ul class="reasons">
          ${others.map(
            ([reason, what]) =>
              html`<li>
                <a href="${root}problems/${reason}"><code>${reason}</code></a> ${what}
              </li>`,
          )}
        </ul>`
    }
  </main>`;
  response.vary("Accept");
  sendPage(response, 200, { title: `${titleOf(name)} · Problems`, body, root });
}

function examples(name: string, prefix: string): Html | undefined {
  const example = problemExample(name, prefix);
  if (example === undefined) return undefined;
  return html`<h2>What it looks like</h2>
    <p class="hint">On REST, as <code>application/problem+json</code>:</p>
    <pre tabindex="0" aria-label="The body on REST" data-code>${JSON.stringify(example.problem, null, 2)}</pre>
    <p class="hint">Over MCP, as a JSON-RPC error:</p>
    <pre tabindex="0" aria-label="The error over MCP" data-code>${JSON.stringify(example.rpc, null, 2)}</pre>`;
}
