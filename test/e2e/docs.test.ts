import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  call,
  DESKTOP,
  launchBrowser,
  lowestContrast,
  prefixProxy,
  toolOf,
  type Visit,
  visitWith,
} from "../helpers/browser.ts";
import { fixture, type GatewayProcess, ROOT, startGateway } from "../helpers/gateway.ts";
import { ask } from "../helpers/http.ts";
import { connectSdk, textIn } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// The page for people, in a real browser: Debian's chromium.

const PHONE = { width: 400, height: 800 };
const TOKEN = "token-of-the-docs-test";

let browser: Browser;
let open: GatewayProcess;
let shut: GatewayProcess;

beforeAll(async () => {
  [browser, open, shut] = await Promise.all([
    launchBrowser(),
    startGateway({
      servers: {
        echo: fixture("echo"),
        hostile: fixture("hostile-schemas"),
        odd: fixture("odd-names"),
        broken: fixture("exits-at-once"),
      },
    }),
    startGateway({
      auth: {
        bearer: { tokens: [TOKEN] },
        basic: { credentials: [{ username: "ann", password: "päss:word" }] },
      },
      servers: { echo: fixture("echo") },
    }),
  ]);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await Promise.all([open, shut].map((gateway) => gateway?.[Symbol.asyncDispose]()));
});

const visit = (url: string, options: BrowserContextOptions = {}): Promise<Visit> => visitWith(browser, url, options);

const horizontalScroll = (page: Page): Promise<number> =>
  page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");

describe("the page", () => {
  test("lists the tools of every server, and says why those of one cannot be listed", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const { page, trouble } = seen;
    expect(await page.title()).toBe("MCP Gateway Tools");
    expect(await page.locator("#server-echo .tool .name").allTextContents()).toEqual([
      "add",
      "args",
      "big",
      "cwd",
      "echo",
      "env",
      "log",
      "pid",
      "progress",
      "raw",
      "sleep",
    ]);
    expect(await page.locator("#server-hostile .tool").count()).toBe(24);
    expect(await page.locator("#server-broken").innerText()).toContain("Its tools cannot be shown");
    expect(await page.getByRole("navigation").getByText("unavailable").count()).toBe(1);
    expect(trouble).toEqual([]);
  });

  test("shows hostile descriptions as text, runs none of it, and opens every tool without trouble", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const { page, trouble } = seen;
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    const html = page.locator('[id="hostile/html"]');
    expect(await html.innerText()).toContain("<script>alert(1)</script> [x](javascript:alert(1))");
    const scripts = await page.locator("script").evaluateAll((all) => all.map((one) => one.getAttribute("src")));
    expect(scripts).toEqual(["./docs/page.js"]);
    expect(await page.locator('a[href^="javascript"], main img, main iframe, main b').count()).toBe(0);
    expect(await page.locator('[id="hostile/with-output"]').innerText()).toContain("Structured result");
    expect(await page.locator('[id="hostile/read-only"] > summary').innerText()).toMatch(
      /read-only · idempotent · closed world/,
    );
    expect(await page.locator('[id="hostile/deep"] .raw pre').first().innerText()).toContain("…");
    expect(trouble).toEqual([]);
  });

  test.each([
    ["wide and light", DESKTOP, "light"],
    ["wide and dark", DESKTOP, "dark"],
    ["400 px wide", PHONE, "light"],
    ["320 px wide", { width: 320, height: 700 }, "dark"],
  ] as const)("can be read %s", async (_what, viewport, colorScheme) => {
    await using seen = await visit(`${open.url}/docs`, { viewport, colorScheme });
    const { page } = seen;
    expect(await horizontalScroll(page)).toBeLessThanOrEqual(0);
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    expect(await horizontalScroll(page)).toBeLessThanOrEqual(0);
    expect(await lowestContrast(page)).toBeGreaterThanOrEqual(4.5);
  });

  test("can be used with the keyboard alone", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const { page } = seen;
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the servers");
    const echo = page.locator('[id="echo/echo"]');
    await echo.locator("> summary").focus();
    await page.keyboard.press("Enter");
    await echo.getByLabel("message").focus();
    await page.keyboard.type("by keys");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await echo.locator(".answer pre").first().waitFor();
    expect(await echo.locator(".answer pre").first().innerText()).toBe("by keys");
  });

  test("has a label for every field", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const unlabelled = await seen.page.evaluate(
      "[...document.querySelectorAll('input, select, textarea')].filter((one) => one.labels.length === 0).map((one) => one.id)",
    );
    expect(unlabelled).toEqual([]);
  });

  test("finds tools by name, and opens the one that the URL names", async () => {
    await using seen = await visit(`${open.url}/docs#echo/sleep`);
    const { page } = seen;
    await page.locator('[id="echo/sleep"][open]').waitFor();
    await page.getByLabel("Find a tool").fill("  ECHO ");
    expect(await page.locator(".tool:visible .name").allTextContents()).toEqual(["echo"]);
    expect(await page.locator("#filter-state").innerText()).toBe("1 of 88");
  });

  test("works below a prefix that a proxy takes away, and at /docs/", async () => {
    await using proxy = await prefixProxy(open, "/gateway");
    for (const path of ["/docs", "/docs/"]) {
      await using seen = await visit(`${proxy.url}${path}`);
      const echo = await toolOf(seen.page, "echo", "echo");
      await echo.getByLabel("message").fill("through a proxy");
      expect(await (await call(echo)).innerText()).toContain("through a proxy");
      expect(await seen.page.locator("#server-echo pre").allTextContents()).toContainEqual(
        expect.stringContaining(`${proxy.url}/echo/mcp`),
      );
      expect(seen.trouble).toEqual([]);
    }
  });
});

describe("try it", () => {
  test("calls a tool and shows its answer, as text", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const echo = await toolOf(seen.page, "echo", "echo");
    await echo.getByLabel("message").fill("<img src=x onerror=alert(1)>");
    const answer = await call(echo);
    expect(await answer.locator("pre").first().innerText()).toBe("<img src=x onerror=alert(1)>");
    expect(await answer.locator(".status").innerText()).toContain("200 OK");
    expect(await answer.locator(".headers").innerText()).toMatch(/x-mcp-session\s+new/);
    expect(await answer.locator("img").count()).toBe(0);
    await answer.getByText("Answer as JSON").click();
    expect(JSON.parse(await answer.locator("details[open] pre").innerText())).toMatchObject({
      content: [{ type: "text" }],
    });
    expect(seen.trouble).toEqual([]);
  });

  test("calls in one session reach one process, which ends with the page", async () => {
    const seen = await visit(`${open.url}/docs`);
    const pid = await toolOf(seen.page, "echo", "pid");
    const first = await (await call(pid)).locator("pre").first().innerText();
    await pid.getByRole("button", { name: "Call" }).click();
    await pid.getByText("reused").waitFor();
    expect(await pid.locator(".answer pre").first().innerText()).toBe(first);
    expect(open.children("echo")).toContain(Number(first));
    await seen.page.goto(`${open.url}/problems`);
    await until(() => !open.children("echo").includes(Number(first)), { what: "the process ends" });
    await seen[Symbol.asyncDispose]();
  });

  test("a session that was typed in is not ended with the page", async () => {
    const seen = await visit(`${open.url}/docs`);
    await seen.page.locator("#session").fill("session-of-somebody");
    const pid = await toolOf(seen.page, "echo", "pid");
    const first = await (await call(pid)).locator("pre").first().innerText();
    await seen.page.goto(`${open.url}/problems`);
    await seen[Symbol.asyncDispose]();
    const { body } = await ask(`${open.url}/api/echo/pid?sessionId=session-of-somebody`, { method: "POST" });
    expect(textIn(JSON.parse(body))).toBe(first);
  });

  test("sends numbers as they were typed, choices as what they are, and nothing that was left empty", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const { page } = seen;
    const choices = await toolOf(page, "hostile", "choices");
    await choices.locator('[data-argument="b"]').selectOption({ label: "2" });
    await choices.locator('[data-argument="c"]').fill("12345678901234567890");
    const [sent] = await Promise.all([page.waitForRequest("**/choices?*"), call(choices)]);
    expect(sent.postData()).toBe('{"b":2,"c":12345678901234567890}');
    const add = await toolOf(page, "echo", "add");
    await add.locator('[data-argument="a"]').fill("9007199254740993");
    await add.locator('[data-argument="b"]').fill("1e2");
    const [added] = await Promise.all([page.waitForRequest("**/add?*"), call(add)]);
    expect(added.postData()).toBe('{"a":9007199254740993,"b":1e2}');
  });

  test("sends a property named __proto__, and any arguments where the schema is open", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const { page } = seen;
    const named = await toolOf(page, "hostile", "proto-property");
    await named.getByLabel("More arguments").fill('{ "__proto__": "x" }');
    const [sent] = await Promise.all([page.waitForRequest("**/proto-property?*"), call(named)]);
    expect(sent.postData()).toBe('{"__proto__": "x"}');
    const any = await toolOf(page, "hostile", "boolean-root");
    await any.locator("[data-arguments]").fill('{ "a": [1] }');
    const [given] = await Promise.all([page.waitForRequest("**/boolean-root?*"), call(any)]);
    expect(given.postData()).toBe('{"a": [1]}');
  });

  test("refuses what is no JSON without sending it", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const { page } = seen;
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    const recursive = await toolOf(page, "hostile", "recursive");
    await recursive.getByLabel("node").fill("{ nope");
    await recursive.getByRole("button", { name: "Call" }).click();
    await recursive.getByText("node is not JSON").waitFor();
    expect(await recursive.getByLabel("node").getAttribute("aria-invalid")).toBe("true");
    expect(requests).toEqual([]);
  });

  test("shows a problem with its explanation", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const recursive = await toolOf(seen.page, "hostile", "recursive");
    await recursive.getByLabel("node").fill("1");
    const answer = await call(recursive);
    expect(await answer.locator(".status").innerText()).toContain("422");
    expect(await answer.locator(".alert").innerText()).toContain(
      "The arguments do not match the tool's schema at /node",
    );
    await answer.getByRole("link", { name: "invalid_arguments" }).click();
    await seen.page.getByRole("heading", { name: "Invalid arguments" }).waitFor();
    expect(await seen.page.innerText("main")).toContain("errors[] names each place by a JSON pointer");
  });

  test("a call can be cancelled", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const sleep = await toolOf(seen.page, "echo", "sleep");
    await sleep.getByLabel("ms").fill("50000");
    await sleep.getByRole("button", { name: "Call" }).click();
    await sleep.getByRole("button", { name: "Cancel" }).click();
    await sleep.getByText("Cancelled.").waitFor();
    expect(await sleep.getByRole("button", { name: "Call" }).isEnabled()).toBe(true);
  });

  test("reaches tools of every name that a URL can carry", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const names = await seen.page.locator("#server-odd .tool:has(form)").count();
    expect(await seen.page.locator("#server-odd .tool").count()).toBe(names + 2);
    for (const name of ["__proto__", "a/b", "../x", "%2e%2e", "'", '"', "<b>x</b>", "工具", "x?y=1", "x#y"]) {
      const answer = await call(await toolOf(seen.page, "odd", name));
      expect(await answer.locator("pre").first().innerText()).toBe(name);
    }
  });
});

describe("with authentication", () => {
  test("a browser without credentials is challenged and gets a page that asks for them", async () => {
    const { status, headers, body } = await ask(`${shut.url}/docs`, { headers: { accept: "text/html" } });
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toMatch(/Basic realm=/);
    expect(headers["www-authenticate"]).toMatch(/Bearer realm=/);
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(body).not.toContain("Says it back");
    const plain = await ask(`${shut.url}/docs`);
    expect(plain.status).toBe(401);
    expect(plain.headers["content-type"]).toMatch(/json/);
  });

  test("Basic: the browser's own credentials open the page and call tools", async () => {
    const httpCredentials = { username: "ann", password: "päss:word" };
    await using seen = await visit(`${shut.url}/docs`, { httpCredentials });
    const echo = await toolOf(seen.page, "echo", "echo");
    await echo.getByLabel("message").fill("ann");
    expect(await (await call(echo)).innerText()).toContain("200 OK");
  });

  test.each([
    ["a token", TOKEN],
    ["the whole header", `Bearer ${TOKEN}`],
    ["user and password", "ann:päss:word"],
  ])("%s in the page opens it, calls tools, and is kept nowhere", async (_what, credential) => {
    // Only a bearer challenge lets a headless browser show the page of a 401.
    await using proxy = await prefixProxy(shut, "", (challenge) => challenge.startsWith("Bearer"));
    await using seen = await visit(`${proxy.url}/docs#echo/echo`);
    const { page } = seen;
    await page.getByLabel("Authorization").fill("wrong");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByText("The credentials are not valid.").first().waitFor();
    await page.getByLabel("Authorization").fill(credential);
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("heading", { name: "echo" }).waitFor();
    const echo = page.locator('[id="echo/echo"]');
    await echo.getByLabel("message").fill("signed in");
    expect(await (await call(echo)).innerText()).toContain("signed in");
    const kept = await page.evaluate(
      "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])",
    );
    expect(kept).toBe(JSON.stringify([{}, {}, "", `${proxy.url}/docs#echo/echo`]));
    expect(seen.trouble.filter((one) => !one.includes("401"))).toEqual([]);
  });

  test.each(["the-api-key-of-the-page", "Api-Key the-api-key-of-the-page", "ann:päss:word"])(
    "where there are API keys and passwords, the page takes either: %s",
    async (credential) => {
      const basic = { credentials: [{ username: "ann", password: "päss:word" }] };
      await using keyed = await startGateway({
        auth: { apiKeys: [{ id: "page", key: "the-api-key-of-the-page" }], basic },
        servers: { echo: fixture("echo") },
      });
      // Only without a Basic challenge a headless browser shows the page of a 401.
      await using proxy = await prefixProxy(keyed, "", (challenge) => !challenge.startsWith("Basic"));
      await using seen = await visit(`${proxy.url}/docs`);
      await seen.page.getByLabel("X-API-Key").fill(credential);
      await seen.page.getByRole("button", { name: "Open" }).click();
      const echo = await toolOf(seen.page, "echo", "echo");
      await echo.getByLabel("message").fill("signed in");
      expect(await (await call(echo)).innerText()).toContain("signed in");
    },
  );

  test("openapi.public: everybody reads, calls still need credentials", async () => {
    await using gateway = await startGateway({
      auth: { bearer: { tokens: [TOKEN] } },
      openapi: { public: true },
      servers: { echo: fixture("echo") },
    });
    await using seen = await visit(`${gateway.url}/docs`);
    const echo = await toolOf(seen.page, "echo", "echo");
    await echo.getByLabel("message").fill("x");
    expect(await (await call(echo)).innerText()).toContain("Credentials are required.");
    await seen.page.getByLabel("Authorization").fill(TOKEN);
    await echo.getByRole("button", { name: "Call" }).click();
    await echo.getByText("200 OK").waitFor();
  });

  test("the page holds no secret of the config", async () => {
    const authorization = `Bearer ${TOKEN}`;
    const { status, body } = await ask(`${shut.url}/docs`, { headers: { authorization } });
    expect(status).toBe(200);
    expect(body).not.toContain(TOKEN);
    expect(body).not.toContain("päss:word");
    expect(body).toContain("${MCP_GATEWAY_TOKEN}");
  });
});

describe("the snippets", () => {
  async function snippetOf(client: string): Promise<string> {
    await using seen = await visit(`${shut.url}/docs`, {
      extraHTTPHeaders: { authorization: `Bearer ${TOKEN}` },
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const { page } = seen;
    await page.getByText("Connect a client").click();
    await page.locator(".snippet > summary", { hasText: client }).click();
    await page.getByRole("button", { name: `Copy the snippet for ${client}` }).click();
    await page.locator(".snippet[open]").getByText("Copied").waitFor();
    const copied = await page.evaluate<string>("navigator.clipboard.readText()");
    return copied;
  }

  test("are there for every client", async () => {
    const { body } = await ask(`${shut.url}/docs`, { headers: { authorization: `Bearer ${TOKEN}` } });
    for (const client of [
      "LibreChat",
      "Claude Code",
      "Claude Desktop",
      "Cursor",
      "VS Code",
      "mcp-remote",
      "Open WebUI",
    ]) {
      expect(body).toContain(`Copy the snippet for ${client}`);
    }
    for (const client of ["GPT Actions", "MCP Inspector", "curl"])
      expect(body).toContain(`Copy the snippet for ${client}`);
    expect(body).toMatch(/href="cursor:\/\/anysphere[^"]+"/);
    expect(body).toMatch(/href="vscode:mcp\/install\?[^"]+"/);
  });

  test("curl's, copied and pasted into a shell, calls a tool", async () => {
    const { stdout } = await promisify(execFile)("sh", ["-euc", await snippetOf("curl")], {
      env: { PATH: process.env["PATH"], MCP_GATEWAY_TOKEN: TOKEN },
    });
    expect(stdout).toMatch(/^\{"content":\[.*\{"name":"echo"/s);
  });

  test("Claude Desktop's starts the gateway's own command, which reaches the server", async () => {
    const { mcpServers } = JSON.parse(await snippetOf("Claude Desktop"));
    const { command, args, env } = mcpServers.echo as { command: string; args: string[]; env: Record<string, string> };
    expect([command, ...args.slice(0, 3)]).toEqual(["npx", "-y", "mcp-session-gateway", "connect"]);
    const filled = Object.entries(env).map(([name, value]) => [name, value.replace("${MCP_GATEWAY_TOKEN}", TOKEN)]);
    await using client = await connectSdk(
      new StdioClientTransport({
        command: process.execPath,
        args: [join(ROOT, "dist/main.js"), ...args.slice(2)],
        env: { PATH: process.env["PATH"] ?? "", ...Object.fromEntries(filled) },
        stderr: "ignore",
      }),
    );
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "desktop" } }))).toBe("desktop");
  });
});

describe("what the page loads", () => {
  test.each([
    ["style.css", "text/css; charset=utf-8"],
    ["page.js", "text/javascript; charset=utf-8"],
    ["call.js", "text/javascript; charset=utf-8"],
    ["answer.js", "text/javascript; charset=utf-8"],
    ["arguments.js", "text/javascript; charset=utf-8"],
    ["highlight.js", "text/javascript; charset=utf-8"],
  ])("%s needs no credentials and is kept by its tag", async (file, type) => {
    const { status, headers } = await ask(`${shut.url}/docs/${file}`);
    expect({ status, type: headers["content-type"], options: headers["x-content-type-options"] }).toEqual({
      status: 200,
      type,
      options: "nosniff",
    });
    const again = await ask(`${shut.url}/docs/${file}`, { headers: { "if-none-match": headers.etag ?? "" } });
    expect(again.status).toBe(304);
  });

  test.each(["/docs/other.js", "/docs/..%2fpage.js", "/docs/../docs/%2e%2e/main.js", "/docs/page.js/"])(
    "%s is not served",
    async (path) => {
      const { status } = await ask(`${open.url}${path}`);
      expect(status).toBe(404);
    },
  );

  test("the policy lets in nothing from elsewhere", async () => {
    const { headers } = await ask(`${open.url}/docs`);
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
  });

  test("only reading is allowed, and HEAD has no body", async () => {
    const written = await ask(`${open.url}/docs`, { method: "POST" });
    expect({ status: written.status, allow: written.headers.allow }).toEqual({ status: 405, allow: "GET, HEAD" });
    const head = await ask(`${open.url}/docs`, { method: "HEAD" });
    expect({ status: head.status, body: head.body }).toEqual({ status: 200, body: "" });
  });
});

describe("/problems", () => {
  test("says what a code means, to everybody, as JSON or as a page", async () => {
    const url = `${shut.url}/problems/session_required`;
    const { status, headers, body } = await ask(url);
    expect({ status, type: headers["content-type"] }).toEqual({ status: 200, type: "application/json; charset=utf-8" });
    expect(JSON.parse(body)).toEqual({
      code: "session_required",
      type: "/problems/session_required",
      title: "Session required",
      status: 400,
      meaning: expect.any(String),
      why: expect.any(String),
      action: expect.stringContaining("GET /api/sessionid"),
      example: expect.objectContaining({ code: "session_required", status: 400 }),
    });
    const page = await ask(url, { headers: { accept: "text/html,*/*;q=0.8" } });
    expect(page.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      vary: expect.stringContaining("Accept"),
    });
    expect(page.body).toContain("<code>session_required</code>");
  });

  test("lists them all", async () => {
    const { problems } = JSON.parse((await ask(`${shut.url}/problems`)).body) as { problems: { code: string }[] };
    expect(problems.map(({ code }) => code)).toContain("call_timeout");
    await using seen = await visit(`${shut.url}/problems/`);
    expect(await seen.page.locator("section a").count()).toBe(problems.length);
    await seen.page.getByRole("link", { name: "Internal", exact: true }).click();
    await seen.page.getByRole("heading", { name: "Internal" }).waitFor();
    expect(seen.trouble).toEqual([]);
  });

  test.each([
    "/problems/nope",
    "/problems/__proto__",
    "/problems/constructor",
    "/problems/internal/x",
    "/problems/INTERNAL",
  ])("%s is not found", async (path) => {
    expect((await ask(`${open.url}${path}`)).status).toBe(404);
  });

  test("the type of a problem leads there", async () => {
    const { body } = await ask(`${open.url}/api/echo/nope?sessionId=12345678`, { method: "POST" });
    const { type, code, status } = JSON.parse(body) as { type: string; code: string; status: number };
    expect(JSON.parse((await ask(`${open.url}${type}`)).body)).toMatchObject({ code, status });
  });
});
