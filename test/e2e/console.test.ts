import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, lowestContrast, prefixProxy, type Visit, visitWith } from "../helpers/browser.ts";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { freePort } from "../helpers/remote-server.ts";
import { RestClient } from "../helpers/rest-client.ts";
import { openSession, type SseClient } from "../helpers/sse-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// The console, in a real browser: Debian's chromium.

const WIDE = { width: 1400, height: 900 };
const PHONE = { width: 400, height: 800 };
const ANN = { username: "ann", password: "päss:word" };
const BASIC = { authorization: `Basic ${Buffer.from(`${ANN.username}:${ANN.password}`).toString("base64")}` };
const HOSTILE = "<img src=x onerror=alert(1)> \u001b[31mred \u202egpj.exe";

let browser: Browser;
let gateway: GatewayProcess;

beforeAll(async () => {
  [browser, gateway] = await Promise.all([
    launchBrowser(),
    startGateway({
      auth: { basic: { credentials: [ANN] } },
      servers: {
        echo: fixture("echo"),
        other: fixture("echo"),
        hostile: fixture("hostile-schemas"),
        broken: fixture("exits-at-once"),
      },
    }),
  ]);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await gateway?.[Symbol.asyncDispose]();
});

const visit = (options: BrowserContextOptions = {}, url = `${gateway.url}/console`): Promise<Visit> =>
  visitWith(browser, url, { viewport: WIDE, httpCredentials: ANN, ...options });

const connected = (page: Page): Promise<void> => page.getByText("connected", { exact: true }).waitFor();

const horizontalScroll = (page: Page): Promise<number> =>
  page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");

/** The row of the session whose server has this process. */
const rowOf = (page: Page, pid: number | string): Locator => page.getByRole("row").filter({ hasText: String(pid) });

/** Every message in the list, as `→ method tool`. */
const listed = (page: Page): Promise<string[]> =>
  page.locator("#scroller [data-n]").evaluateAll((rows) =>
    rows.map((row) => {
      const text = (selector: string): string => row.querySelector(selector)?.textContent ?? "";
      return `${text(".arrow")} ${text(".method")} ${text(".tool")}`.trim();
    }),
  );

const openRow = async (page: Page, pid: number | string): Promise<void> => {
  await rowOf(page, pid).getByRole("link").click();
  await page.locator("#scroller [data-n]").first().waitFor();
};

/** The list's last request for this tool. */
const requestFor = (page: Page, tool: string): Locator =>
  page.locator("#scroller .request").filter({ hasText: tool }).last();

const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(
    "document.activeElement.ariaLabel || document.activeElement.id || document.activeElement.textContent",
  );

describe("an operator", () => {
  test.each([
    ["at 1400 px", WIDE, "light"],
    ["at 400 px, dark", PHONE, "dark"],
  ] as const)(
    "sees sessions appear and their messages pass, sends a call again and ends a session, %s",
    async (_what, viewport, colorScheme) => {
      await using seen = await visit({ viewport, colorScheme });
      const { page, trouble } = seen;
      await connected(page);
      await using watched = await openSession(`${gateway.url}/echo`, BASIC);
      const pid = await watched.call("pid");
      await using other = await StreamableClient.open(`${gateway.url}/other`, { headers: BASIC });
      const rest = new RestClient(gateway.url, BASIC);
      await Promise.all([rowOf(page, pid).waitFor(), other.call("echo", { message: "beside" })]);
      await rest.call("other/add", { a: 1, b: 2 }, { sessionId: `rest-${viewport.width}` });
      await page.getByRole("row").filter({ hasText: "rest" }).waitFor();
      await page.getByRole("row").filter({ hasText: "streamable" }).waitFor();
      expect(await horizontalScroll(page)).toBeLessThanOrEqual(0);
      expect(await lowestContrast(page)).toBeGreaterThanOrEqual(4.5);

      await openRow(page, pid);
      expect(await page.locator("#session-title").innerText()).toMatch(/ann.* with echo/);
      await Promise.all([watched.call("log", { text: "on the way" }), other.call("echo", { message: "not here" })]);
      await watched.call("echo", { message: "first" });
      await until(async () => (await listed(page)).length >= 10, { what: "all its messages are listed" });
      expect(await listed(page)).toEqual([
        "→ initialize",
        "← initialize",
        "→ notifications/initialized",
        "→ tools/call pid",
        "← tools/call pid",
        "→ tools/call log",
        "← notifications/message",
        "← tools/call log",
        "→ tools/call echo",
        "← tools/call echo",
      ]);
      expect(await page.locator("#scroller .response .ms").last().innerText()).toMatch(/^[\d.]+ (?:ms|s)$/);

      await requestFor(page, "echo").click();
      const pane = page.getByRole("region", { name: "tools/call echo" });
      await pane.getByText('"message": "first"').waitFor();
      await pane.getByRole("button", { name: "Do it again" }).click();
      const editor = pane.getByLabel("Arguments");
      await editor.fill('{ "message": "second", }');
      await pane.getByText(/This is no JSON/).waitFor();
      expect(await pane.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
      await editor.fill('{ "message": "second" }');
      await pane.getByRole("button", { name: "Send" }).click();
      await pane.getByText("Lines that differ are marked.").waitFor();
      expect(await pane.locator(".answers mark").allInnerTexts()).toEqual([
        expect.stringContaining('"text": "first"'),
        expect.stringContaining('"text": "second"'),
      ]);
      const [before, now] = await pane
        .locator(".answers section")
        .evaluateAll((both) => both.map((one) => one.getBoundingClientRect().top));
      expect(before === now).toBe(viewport === WIDE);
      expect(await horizontalScroll(page)).toBeLessThanOrEqual(0);
      expect(await lowestContrast(page)).toBeGreaterThanOrEqual(4.5);

      await page.getByRole("button", { name: "End session" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "End session" }).click();
      await until(() => !gateway.children("echo").includes(Number(pid)), { what: "its process is gone" });
      await page.getByText("ended", { exact: true }).waitFor();
      await page.getByRole("link", { name: "All sessions" }).click();
      await page.locator("#ended summary").click();
      await page.locator("#ended li").first().waitFor();
      expect(await rowOf(page, pid).count()).toBe(0);
      expect(trouble).toEqual([]);
    },
  );

  test("stops the processes of a server after being asked, and lists its tools", async () => {
    await using seen = await visit();
    const { page, trouble } = seen;
    await using client = await openSession(`${gateway.url}/echo`, BASIC);
    const pid = await client.call("pid");
    await rowOf(page, pid).waitFor();
    const card = page.getByRole("article", { name: "echo" });
    await card.getByRole("button", { name: "Stop processes" }).click();
    await page.keyboard.press("Escape");
    expect(gateway.children("echo")).toContain(Number(pid));
    await card.getByRole("button", { name: "Stop processes" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Stop processes" }).click();
    await until(() => !gateway.children("echo").includes(Number(pid)), { what: "its process is gone" });
    await page.getByRole("row").filter({ hasText: "echo" }).filter({ hasText: "none" }).waitFor();
    expect(await client.call("echo", { message: "goes on" })).toBe("goes on");

    await card.getByRole("button", { name: "List tools" }).click();
    const dialog = page.getByRole("dialog", { name: "echo: 11 tools" });
    await dialog.getByText("Says it back").waitFor();
    await dialog.getByRole("listitem").filter({ hasText: "Adds two numbers" }).locator("summary").click();
    expect(await dialog.locator("pre").innerText()).toContain('"required": [');
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "List tools: broken" }).click();
    await page
      .getByRole("alert")
      .getByText(/The tools of broken could not be listed: /)
      .waitFor();
    expect(trouble.filter((line) => !line.includes("/broken/tools"))).toEqual([]);
  });

  test("takes a call away: as a command that works, as JSON-RPC and as a file for tests", async () => {
    await using seen = await visit({ permissions: ["clipboard-read", "clipboard-write"] });
    const { page, trouble } = seen;
    await using client = await openSession(`${gateway.url}/echo`, BASIC);
    const pid = await client.call("pid");
    await client.call("echo", { message: "it's $HOME \u202e" });
    await rowOf(page, pid).waitFor();
    await openRow(page, pid);
    await requestFor(page, "echo").click();
    const copied = async (what: string, sign: string): Promise<string> => {
      await page.getByRole("button", { name: `Copy as ${what}` }).click();
      return until(
        async () => {
          const text = await page.evaluate<string>("navigator.clipboard.readText()");
          return text.includes(sign) && text;
        },
        { what: `${what} is copied` },
      );
    };
    const env = { ...process.env, MCP_GATEWAY_USER: ANN.username, MCP_GATEWAY_PASSWORD: ANN.password };
    const { stdout } = await promisify(execFile)("sh", ["-c", await copied("curl", "curl -sS")], { env });
    expect(JSON.parse(stdout)).toMatchObject({ content: [{ text: "it's $HOME \u202e" }] });
    const call = { method: "tools/call", params: { name: "echo", arguments: { message: "it's $HOME \u202e" } } };
    expect(JSON.parse(await copied("JSON-RPC", '"jsonrpc"'))).toMatchObject(call);
    expect(JSON.parse(await copied("fixture", '"answer"'))).toMatchObject({
      server: "echo",
      request: call,
      answer: { result: { content: [{ text: "it's $HOME \u202e" }] } },
    });
    expect(trouble).toEqual([]);
  });

  test("gets along with the keyboard alone", async () => {
    await using seen = await visit();
    const { page, trouble } = seen;
    await using client = await openSession(`${gateway.url}/echo`, BASIC);
    const pid = await client.call("pid");
    await rowOf(page, pid).waitFor();
    await page.keyboard.press("/");
    expect(await focused(page)).toBe("session-search");
    await page.keyboard.type(`echo ${pid}`);
    await until(async () => (await page.locator("#sessions tbody tr").count()) === 1, { what: "one is found" });
    const link = rowOf(page, pid).getByRole("link");
    for (let tabs = 0; tabs < 30 && !(await isFocused(link)); tabs++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("#scroller [data-n]").first().waitFor();
    const list = page.getByRole("grid");
    for (let tabs = 0; tabs < 30 && !(await isFocused(list)); tabs++) await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowUp");
    expect(await page.locator(":focus").innerText()).toContain("answer");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await page.locator("#pane pre").first().waitFor();
    expect(await page.locator("#pane-title").innerText()).toContain("→ tools/call pid");
    expect(await focused(page)).toBe("Close");
    await page.keyboard.press("Escape");
    expect(await page.locator(":focus").innerText()).toContain("tools/call");
    await page.keyboard.press("/");
    await page.keyboard.type("initialized");
    await until(async () => (await listed(page)).length === 1, { what: "only what is looked for is listed" });
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.locator("#overview").waitFor();
    expect(await isFocused(link)).toBe(true);
    expect(trouble).toEqual([]);
  });
});

const isFocused = (locator: Locator): Promise<boolean> =>
  locator.evaluate((element) => element.ownerDocument.activeElement === element);

describe("the messages of a session", () => {
  const opened = async (page: Page, client: SseClient): Promise<void> => {
    const pid = await client.call("pid");
    await rowOf(page, pid).waitFor();
    await openRow(page, pid);
  };

  test("wait while the list is paused, are found by method and direction, and get their answer while they are open", async () => {
    await using seen = await visit();
    const { page, trouble } = seen;
    await using client = await openSession(`${gateway.url}/echo`, BASIC);
    await opened(page, client);
    const before = (await listed(page)).length;
    await page.getByRole("button", { name: "Pause" }).click();
    await client.call("echo", { message: "unseen" });
    const goOn = page.getByRole("button", { name: "Go on (2 new)" });
    await goOn.waitFor();
    expect(await listed(page)).toHaveLength(before);
    await goOn.click();
    await until(async () => (await listed(page)).length === before + 2, { what: "they are listed" });
    await page.getByLabel("Method").selectOption("tools/call");
    await page.getByLabel("Direction").selectOption("server");
    await until(async () => (await listed(page)).length === 2, { what: "the answers are found" });
    expect(await listed(page)).toEqual(["← tools/call pid", "← tools/call echo"]);

    await page.getByLabel("Direction").selectOption("client");
    const slow = client.call("sleep", { ms: 2_000 });
    await requestFor(page, "sleep").click();
    await page
      .getByText("None has come yet.")
      .or(page.getByText(/^Answer after/))
      .waitFor();
    await slow;
    await page.getByText(/^Answer after 2\.\d\d s/).waitFor();
    expect(trouble).toEqual([]);
  });

  test("stay in sight as they come, unless somebody has scrolled back; of very many the last are listed", async () => {
    await using seen = await visit();
    const { page, trouble } = seen;
    await using client = await openSession(`${gateway.url}/echo`, BASIC);
    await opened(page, client);
    const distance = (): Promise<number> =>
      page.locator("#scroller").evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight);
    for (let at = 0; at < 60; at++) await client.call("echo", { message: String(at) });
    await until(async () => (await listed(page)).length > 120, { what: "they are listed" });
    expect(await distance()).toBeLessThan(12);
    await page.locator("#scroller").hover();
    await page.mouse.wheel(0, -600);
    await page.getByRole("button", { name: /^To the latest/ }).waitFor();
    const scrolled = await page.locator("#scroller").evaluate((list) => list.scrollTop);
    await client.call("echo", { message: "later" });
    await page.getByRole("button", { name: "To the latest (2 new)" }).click();
    await until(async () => (await distance()) < 12, { what: "it is at the end" });
    expect(scrolled).toBeGreaterThan(0);
    for (let round = 0; round < 9; round++) {
      await Promise.all(Array.from({ length: 50 }, (_, at) => client.call("echo", { message: String(at) })));
    }
    await until(async () => (await page.locator("#scroller [data-n]").last().getAttribute("data-n")) === "1027", {
      deadlineMs: 20_000,
      what: "the last message is listed",
    });
    expect(await page.locator("#scroller > *").count()).toBeLessThanOrEqual(1000);
    await page.reload();
    await page.getByText(/^827 earlier messages no longer kept$/).waitFor();
    expect(trouble).toEqual([]);
  });

  test("are harmless, whatever is in them and however long they are", async () => {
    await using seen = await visit();
    const { page, trouble } = seen;
    await using client = await openSession(`${gateway.url}/echo`, BASIC);
    await opened(page, client);
    await client.call("echo", { message: HOSTILE });
    await requestFor(page, "echo").click();
    const answer = page.getByLabel(/^Answer/);
    await answer.filter({ hasText: "onerror" }).waitFor();
    expect(await answer.innerText()).toContain("<img src=x onerror=alert(1)>");
    expect(await answer.innerText()).toMatch(/⟨U\+202E⟩|\\u202e/);
    expect(await answer.innerText()).not.toContain("\u202e");
    await client.request(`x/${HOSTILE}`, {});
    await page.locator("#scroller .request").filter({ hasText: "x/<img" }).waitFor();
    await client.call("big", { bytes: 5 * 1024 * 1024 });
    await page.locator("#scroller .response").filter({ hasText: "5.0 MiB" }).click();
    await page.getByText(/Only its beginning was kept: it has 5\.0 MiB/).waitFor();
    expect(await page.locator("#session img").count()).toBe(0);

    await page.getByRole("link", { name: "All sessions" }).click();
    await page.getByRole("button", { name: "List tools: hostile" }).click();
    const tools = page.getByRole("dialog", { name: "hostile: 24 tools" });
    await tools.waitFor();
    await page.evaluate("for (const one of document.querySelectorAll('dialog details')) one.open = true");
    await until(async () => (await tools.locator("pre").count()) === 24, { what: "the schemas are shown" });
    expect(await tools.innerText()).toContain("<script>alert(1)</script>");
    expect(await tools.locator("img, script, b, iframe, a").count()).toBe(0);
    expect(trouble).toEqual([]);
  });

  test("are reached by their address, and below the prefix of a proxy", async () => {
    await using proxy = await prefixProxy(gateway, "/tools");
    await using client = await openSession(`${gateway.url}/echo`, BASIC);
    await client.call("pid");
    const direct = await visit();
    await direct.page.getByRole("row").filter({ hasText: "echo" }).first().getByRole("link").click();
    const { hash } = new URL(direct.page.url());
    await direct[Symbol.asyncDispose]();
    expect(hash).toMatch(/^#session=./);
    await using seen = await visit({}, `${proxy.url}/console${hash}`);
    await seen.page.locator("#scroller [data-n]").first().waitFor();
    expect(await listed(seen.page)).toContain("→ tools/call pid");
    await requestFor(seen.page, "pid").click();
    await seen.page.locator("#pane pre").first().waitFor();
    expect(seen.trouble).toEqual([]);
  });
});

describe("the page", () => {
  test("asks nothing of the gateway while its tab is hidden, and goes on when it is seen again", async () => {
    await using seen = await visit();
    const { page, trouble } = seen;
    await connected(page);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await setHidden(page, true);
    await page.getByText("asleep", { exact: true }).waitFor();
    await using client = await openSession(`${gateway.url}/other`, BASIC);
    const pid = await client.call("pid");
    expect(await rowOf(page, pid).count()).toBe(0);
    expect(asked).toEqual([]);
    await setHidden(page, false);
    await rowOf(page, pid).waitFor();
    expect(asked).toContain("/console/api/events");
    expect(trouble).toEqual([]);
  });

  test("plots the hour with what each server did, which the keyboard reads too", async () => {
    await using seen = await visit();
    const { page, trouble } = seen;
    const plot = page.getByRole("slider", { name: /^Memory of the gateway/ });
    await until(async () => /MiB/.test((await plot.getAttribute("aria-valuetext")) ?? ""), {
      deadlineMs: 25_000,
      what: "there is a point",
    });
    await plot.focus();
    await page.keyboard.press("Home");
    expect(await plot.getAttribute("aria-valuetext")).toMatch(/^\d\d:\d\d:\d\d, gateway \d+ MiB$/);
    expect(await plot.locator(".cursor").getAttribute("visibility")).toBe("visible");
    await page.keyboard.press("Escape");
    expect(await plot.getAttribute("aria-valuetext")).toMatch(/^now, /);
    await page.getByRole("group", { name: "Servers in the plots" }).getByRole("button", { name: "echo" }).click();
    const calls = page.locator(".chart").filter({ hasText: "Calls per second" });
    expect(await calls.locator(".values").innerText()).not.toContain("echo");
    expect(trouble).toEqual([]);
  });

  test("has a label for every field and every button", async () => {
    await using seen = await visit();
    await connected(seen.page);
    const nameless = await seen.page.evaluate<string[]>(
      `[...document.querySelectorAll("input, select, textarea, button")]
        .filter((one) => !(one.labels?.length > 0 || one.ariaLabel || one.textContent.trim())).map((one) => one.outerHTML)`,
    );
    expect(nameless).toEqual([]);
  });

  test.each([WIDE, PHONE])("does not move while it is filled, at $width px", async (viewport) => {
    await using seen = await visit({ viewport });
    const { page } = seen;
    await page.addInitScript(`
      window.moved = 0;
      new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (window.moved += value)))
        .observe({ type: "layout-shift", buffered: true });
    `);
    await page.reload();
    await page.getByRole("slider").first().waitFor();
    await until(async () => (await page.getByRole("slider").first().getAttribute("aria-valuetext")) !== null, {
      what: "the plots are drawn",
    });
    // Of a page that jumps about, this is more than 0.1 (Web Vitals, cumulative layout shift).
    expect(await page.evaluate("moved")).toBeLessThan(0.02);
  });

  test("says that the gateway cannot be reached, finds it again, and tells in words what went wrong", async () => {
    const first = await startGateway({
      port: await freePort(),
      console: { record: "off" },
      servers: { echo: fixture("echo") },
    });
    await using seen = await visitWith(browser, `${first.url}/console`, { viewport: WIDE });
    const { page } = seen;
    await connected(page);
    await first.stop();
    await page.getByText(/^reconnecting/).waitFor();
    await using second = await first.again();
    await connected(page);
    await using client = await openSession(`${second.url}/echo`);
    const row = rowOf(page, await client.call("pid"));
    await row.getByRole("button", { name: "End" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End session" }).click();
    await page.getByRole("alert").getByText("The page of the console is out of date: load it again.").waitFor();
    await page.keyboard.press("Escape");
    expect(await page.locator(".notice").count()).toBe(0);
    await row.getByRole("link").click();
    await page.getByText("Messages are not recorded (console.record).").waitFor();
  });
});

const setHidden = (page: Page, isHidden: boolean): Promise<void> =>
  page.evaluate(`
    Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} });
    document.dispatchEvent(new Event("visibilitychange"));
  `);
