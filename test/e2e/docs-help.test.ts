import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, launchBrowser, lowestContrast, prefixProxy, toolOf, type Visit, visitWith } from "../helpers/browser.ts";
import { fixture, type GatewayProcess, realServer, startGateway } from "../helpers/gateway.ts";
import { ask } from "../helpers/http.ts";

// What the pages do for somebody who sees them for the first time: the way to them, examples, progress, errors.

const TOKEN = "token-of-the-docs-test";
const HTML = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };

let browser: Browser;
let open: GatewayProcess;
let shut: GatewayProcess;

beforeAll(async () => {
  [browser, open, shut] = await Promise.all([
    launchBrowser(),
    startGateway({
      servers: {
        echo: fixture("echo"),
        files: realServer("server-filesystem", "/tmp"),
        shown: { ...fixture("described-in-markdown") },
        broken: fixture("exits-at-once"),
      },
    }),
    startGateway({ auth: { bearer: { tokens: [TOKEN] } }, servers: { echo: fixture("echo") } }),
  ]);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await Promise.all([open, shut].map((gateway) => gateway?.[Symbol.asyncDispose]()));
});

const visit = (url: string, options: BrowserContextOptions = {}): Promise<Visit> => visitWith(browser, url, options);

/** The console tells of every answer that is an error; nothing else should be there. */
const otherTrouble = (trouble: readonly string[]): readonly string[] =>
  trouble.filter((one) => !one.startsWith("Failed to load resource: the server responded with a status of 4"));

describe("a browser that opens", () => {
  test("the root is led to the page, also below a prefix; programs get what they got before", async () => {
    const { status, headers } = await ask(`${open.url}/`, { headers: HTML });
    expect({ status, location: headers.location, vary: headers.vary }).toEqual({
      status: 303,
      location: "docs",
      vary: expect.stringContaining("Accept"),
    });
    const program = await ask(`${open.url}/`);
    expect(program.status).toBe(404);
    expect(JSON.parse(program.body)).toMatchObject({ error: { data: { reason: "not_found" } } });
    await using proxy = await prefixProxy(open, "/gateway");
    await using seen = await visit(`${proxy.url}/`);
    expect(seen.page.url()).toBe(`${proxy.url}/docs`);
    expect(await seen.page.title()).toBe("MCP Gateway Tools");
  });

  test.each(["/echo", "/echo/", "/echo/sse", "/echo/mcp"])(
    "%s is told what this is and how to connect",
    async (path) => {
      await using seen = await visit(`${open.url}${path}`);
      const { page, trouble } = seen;
      expect(await page.innerText("main")).toContain("This is the address of an MCP server");
      await page.getByText("Claude Code").click();
      expect(await page.locator("details[open] pre").innerText()).toContain(`${open.url}/echo/mcp`);
      await page.getByRole("link", { name: "See and try its tools" }).click();
      await page.locator("#server-echo").waitFor();
      expect(otherTrouble(trouble)).toEqual([]);
      expect(open.log()).not.toContain("New SSE connection");
    },
  );

  test("a URL where nothing is gets a page that leads on", async () => {
    await using seen = await visit(`${open.url}/ecko`);
    expect(await seen.page.innerText("main")).toContain('Did you mean "echo"?');
    await seen.page.getByRole("link", { name: "What this means and what to do" }).click();
    await seen.page.getByRole("heading", { name: "Server not found" }).waitFor();
    expect(await lowestContrast(seen.page)).toBeGreaterThanOrEqual(4.5);
  });

  test("a document without credentials is asked for them, and then shows it", async () => {
    await using seen = await visit(`${shut.url}/openapi.json?version=3.0`);
    const { page, trouble } = seen;
    await page.getByLabel("Authorization").fill(TOKEN);
    await page.getByRole("button", { name: "Open" }).click();
    await page.locator("pre").waitFor();
    expect(JSON.parse(await page.locator("pre").innerText())).toMatchObject({ openapi: "3.0.3" });
    expect(otherTrouble(trouble)).toEqual([]);
  });

  test("the URL of a server without credentials learns nothing of it until it has shown some", async () => {
    const [known, unknown] = await Promise.all(
      ["/echo", "/nobody"].map((path) => ask(`${shut.url}${path}`, { headers: HTML })),
    );
    expect(known?.status).toBe(401);
    expect(known?.body).toBe(unknown?.body);
    await using seen = await visit(`${shut.url}/echo`);
    await seen.page.getByLabel("Authorization").fill(TOKEN);
    await seen.page.getByRole("button", { name: "Open" }).click();
    await seen.page.getByText("This is the address of an MCP server").waitFor();
  });
});

/** Notes in the page which steps it shows beside a bar: none of them is there for long. */
const NOTE_STEPS = `
  window.steps = new Set();
  const note = () => {
    if (document.querySelector("progress[value]") === null) return;
    for (const [step] of document.body.innerText.matchAll(/\\d of 3/g)) window.steps.add(step);
  };
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
`;

describe("a tool", () => {
  test("has an example that can be pasted into a shell, and works", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const add = await toolOf(seen.page, "echo", "add");
    const request = await add.getByLabel("Example request", { exact: true }).innerText();
    const { stdout } = await promisify(execFile)("sh", ["-euc", request]);
    expect(JSON.parse(stdout)).toMatchObject({ content: [{ type: "text", text: "2" }] });
    expect(JSON.parse(await add.getByLabel("Example answer", { exact: true }).innerText())).toHaveProperty("content");
  });

  test("that takes a list of objects gives one to begin with", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const edit = await toolOf(seen.page, "files", "edit_file");
    await edit.getByRole("button", { name: "Fill in an example of edits" }).click();
    expect(JSON.parse(await edit.locator('[data-argument="edits"]').inputValue())).toEqual([
      { oldText: "text", newText: "text" },
    ]);
  });

  test("shows how far a call is while it runs, then the answer and the call as curl", async () => {
    await using seen = await visit(`${open.url}/docs`, { permissions: ["clipboard-read", "clipboard-write"] });
    const { page, trouble } = seen;
    const progress = await toolOf(page, "echo", "progress");
    await progress.locator('[data-argument="steps"]').fill("3");
    await progress.locator('[data-argument="ms"]').fill("400");
    await page.evaluate(NOTE_STEPS);
    await progress.getByRole("button", { name: "Call", exact: true }).click();
    await progress.locator(".status").waitFor();
    expect(await page.evaluate<string[]>("[...window.steps]")).toEqual(expect.arrayContaining(["1 of 3", "2 of 3"]));
    expect(await progress.locator(".answer pre").first().innerText()).toBe("3 steps");
    expect(await progress.locator("progress").count()).toBe(0);
    await progress.getByText("This call with curl").click();
    await progress.getByRole("button", { name: "Copy: This call with curl" }).click();
    await progress.getByText("Copied").waitFor();
    const copied = await page.evaluate<string>("navigator.clipboard.readText()");
    const { stdout } = await promisify(execFile)("sh", ["-euc", copied]);
    expect(JSON.parse(stdout)).toMatchObject({ content: [{ text: "3 steps" }] });
    expect(trouble).toEqual([]);
  });

  test("shows what a call logs, beside its answer", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const log = await toolOf(seen.page, "echo", "log");
    await log.locator('[data-argument="text"]').fill("on <b>the</b> way");
    const answer = await call(log);
    expect(await answer.getByLabel("Log of the call").innerText()).toBe("info: on <b>the</b> way\n");
  });

  test("has its Markdown shown, with links that lead out in a tab of their own", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const { page, trouble } = seen;
    const shown = await toolOf(page, "shown", "markdown");
    expect(await shown.locator(".md strong").first().innerText()).toBe("Careful");
    const [link] = await shown
      .locator(".md a")
      .evaluateAll((links) =>
        links.map((one) => [one.getAttribute("href"), one.getAttribute("rel"), one.getAttribute("target")]),
      );
    expect(link).toEqual(["https://example.com/", "noopener noreferrer nofollow", "_blank"]);
    // What would be an image elsewhere is a link here.
    expect(await shown.locator(".md a").count()).toBe(2);
    expect(await shown.locator("script, img").count()).toBe(0);
    expect(await shown.innerText()).toContain("<script>alert(1)</script>");
    expect(trouble).toEqual([]);
  });

  test("has coloured code, without another element in it, in colours that can be read", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await using seen = await visit(`${open.url}/docs`, { colorScheme });
      const { page } = seen;
      const add = await toolOf(page, "echo", "add");
      await page.waitForFunction("CSS.highlights.get('code-string').size > 0");
      expect(await add.locator("pre *").count()).toBe(0);
      expect(await page.evaluate<number>(COLOUR_CONTRAST)).toBeGreaterThanOrEqual(4.5);
    }
  });
});

/** The lowest contrast of a colour of code with the sheet that code stands on. */
const COLOUR_CONTRAST = `(() => {
  const style = getComputedStyle(document.documentElement);
  const luminance = (name) => {
    const value = Number.parseInt(style.getPropertyValue(name).trim().slice(1), 16);
    const linear = [value >> 16, (value >> 8) & 255, value & 255]
      .map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrasts = ["--code-key", "--code-string", "--code-number", "--code-word", "--faint"].map((name) => {
    const [dark, light] = [luminance(name), luminance("--sheet")].toSorted((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  });
  return Math.min(...contrasts);
})()`;

describe("the side bar", () => {
  test("lists the tools of every server and leads to them", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const { page } = seen;
    await page.getByRole("navigation").getByRole("link", { name: "sleep" }).click();
    // Opened by the event that follows the navigation.
    const opened = page.locator("details.tool[open]");
    await opened.waitFor();
    expect(await opened.getAttribute("id")).toBe("echo/sleep");
  });

  test("finds tools by name and hides the servers that have none", async () => {
    await using seen = await visit(`${open.url}/docs`);
    const { page } = seen;
    await page.getByLabel("Find a tool").fill("edit_");
    expect(await page.locator("section.server:visible h2").allTextContents()).toEqual(["files"]);
    expect(await page.locator("nav li li:visible").allTextContents()).toEqual(["edit_file"]);
    await page.getByLabel("Find a tool").fill("shown");
    expect(await page.locator(".tool:visible .name").allTextContents()).toEqual(["markdown"]);
    await page.getByLabel("Find a tool").fill("nothing of this name");
    expect(await page.locator("section.server:visible").count()).toBe(0);
    await page.getByLabel("Find a tool").fill("");
    expect(await page.locator("section.server:visible").count()).toBe(4);
  });

  test("does so for 2,000 tools too", async () => {
    await using many = await startGateway({ servers: { many: { ...fixture("many-tools"), env: { COUNT: "2000" } } } });
    await using seen = await visit(`${many.url}/docs`);
    await seen.page.locator("#filter").fill("tool-1999");
    expect(await seen.page.locator(".tool:visible .name").allTextContents()).toEqual(["tool-1999"]);
    const tool = await toolOf(seen.page, "many", "tool-1999");
    expect(await (await call(tool)).locator("pre").first().innerText()).toBe("tool-1999");
    expect(seen.trouble).toEqual([]);
  }, 30_000);
});

test("a server that is still starting fills in by itself, with the tool that the URL names", async () => {
  await using gateway = await startGateway({
    servers: { slow: { ...fixture("slow-start"), env: { START_MS: "10000" } }, echo: fixture("echo") },
  });
  await using seen = await visit(`${gateway.url}/docs#slow/echo`);
  const { page, trouble } = seen;
  expect(await page.innerText("#server-slow")).toContain("It is still starting");
  const tool = page.locator('[id="slow/echo"][open]');
  await tool.waitFor({ timeout: 60_000 });
  expect(await (await call(tool)).locator(".status").innerText()).toContain("200 OK");
  expect(await page.locator("#nav-server-slow li").allTextContents()).toEqual(["echo"]);
  expect(trouble).toEqual([]);
}, 90_000);

describe("with credentials that were typed into the page", () => {
  test("the links to documents open them, and the curl of a call names a variable", async () => {
    await using seen = await visit(`${shut.url}/docs`);
    const { page } = seen;
    await page.getByLabel("Authorization").fill(TOKEN);
    await page.getByRole("button", { name: "Open" }).click();
    const echo = await toolOf(page, "echo", "echo");
    await echo.getByLabel("message").fill("x");
    const answer = await call(echo);
    await answer.getByText("This call with curl").click();
    const curl = await answer.getByLabel("This call with curl", { exact: true }).innerText();
    expect(curl).toContain('-H "Authorization: Bearer ${MCP_GATEWAY_TOKEN}"');
    expect(curl).not.toContain(TOKEN);
    const { stdout } = await promisify(execFile)("sh", ["-euc", curl], {
      env: { PATH: process.env["PATH"], MCP_GATEWAY_TOKEN: TOKEN },
    });
    expect(JSON.parse(stdout)).toMatchObject({ content: [{ text: "x" }] });
    const [opened] = await Promise.all([
      page.context().waitForEvent("page"),
      page.getByRole("link", { name: "OpenAPI 3.1 as JSON" }).first().click(),
    ]);
    await opened.waitForLoadState();
    expect(JSON.parse(await opened.locator("pre").first().innerText())).toMatchObject({ openapi: "3.1.0" });
    expect(await page.getByLabel("Authorization").inputValue()).toBe(TOKEN);
  });
});

describe("the page of a problem", () => {
  test.each(["unavailable", "crash_loop", "host_denied", "invalid_json", "tool_not_found"])(
    "%s says what happened, why, what to do, and shows the body",
    async (name) => {
      await using seen = await visit(`${open.url}/problems/${name}`);
      const { page, trouble } = seen;
      for (const heading of ["What happened", "Why", "What to do", "What it looks like"])
        await page.getByRole("heading", { name: heading, exact: true }).waitFor();
      const body = JSON.parse(await page.getByLabel("The body on REST").innerText()) as object;
      expect(Object.values(body)).toContain(name);
      expect(await lowestContrast(page)).toBeGreaterThanOrEqual(4.5);
      expect(trouble).toEqual([]);
    },
  );

  test("that there is not names the one that was meant", async () => {
    const { status, body } = await ask(`${open.url}/problems/crash_lop`);
    expect(status).toBe(404);
    expect(JSON.parse(body)).toMatchObject({ detail: expect.stringContaining('Did you mean "crash_loop"?') });
  });
});

test("without JavaScript everything can be read", async () => {
  await using seen = await visit(`${open.url}/docs`, { javaScriptEnabled: false });
  const { page } = seen;
  await page.locator('[id="echo/add"] > summary').click();
  expect(await page.locator('[id="echo/add"] .example').innerText()).toContain("curl");
  expect(await page.innerText("#calling")).toContain("everything else works without");
});
