import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import type { GatewayProcess } from "./gateway.ts";

// The pages for people, in a real browser: Debian's chromium.

const CHROMIUM = "/usr/bin/chromium";
const ARGS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync";
export const DESKTOP = { width: 1280, height: 900 };

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ARGS.split(" ") });

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** What the console, the content policy and dialogs said, and requests to elsewhere: nothing of it should be. */
  readonly trouble: string[];
}

export async function visitWith(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  const page = await context.newPage();
  const trouble: string[] = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) trouble.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("dialog", (dialog) => {
    trouble.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith("data:")) trouble.push(request.url());
  });
  await page.goto(url);
  return { page, trouble, [Symbol.asyncDispose]: () => context.close() };
}

/** A tool's section, opened. */
export async function toolOf(page: Page, server: string, tool: string): Promise<Locator> {
  const section = page.locator(`[id="${server}/${encodeURIComponent(tool)}"]`);
  await section.locator("> summary").click();
  return section;
}

export async function call(tool: Locator): Promise<Locator> {
  await tool.getByRole("button", { name: "Call", exact: true }).click();
  const answer = tool.locator(".answer");
  await answer.locator(".status").waitFor();
  return answer;
}

/** A reverse proxy that takes a prefix away; it lets only some of the challenges through. */
export async function prefixProxy(
  gateway: GatewayProcess,
  prefix: string,
  isKept: (challenge: string) => boolean = () => true,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const server: Server = createServer((incoming, outgoing) => {
    const forwarded = httpRequest(
      {
        host: "127.0.0.1",
        port: gateway.port,
        method: incoming.method,
        path: incoming.url?.slice(prefix.length),
        headers: { ...incoming.headers, ...(prefix !== "" && { "x-forwarded-prefix": prefix }) },
      },
      (answer) => {
        const challenges = answer.rawHeaders.filter((_, at, all) => /^www-authenticate$/i.test(all[at - 1] ?? ""));
        const headers = { ...answer.headers, "www-authenticate": challenges.filter(isKept) };
        outgoing.writeHead(answer.statusCode ?? 502, headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.once("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** The lowest contrast of a text with what is behind it (WCAG 2.2, 1.4.3), among all that is to be seen. */
export function lowestContrast(page: Page): Promise<number> {
  return page.evaluate(`(() => {
    const channels = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => {
      const linear = [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
      return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const behind = (element) => {
      for (let one = element; one; one = one.parentElement) {
        const color = channels(getComputedStyle(one).backgroundColor);
        if (color.length === 3 || color[3] > 0) return color;
      }
      return [255, 255, 255];
    };
    let lowest = 21;
    for (const element of document.querySelectorAll("body *")) {
      const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
      if (!hasText || !element.checkVisibility()) continue;
      const [dark, light] = [channels(getComputedStyle(element).color), behind(element)].map(luminance).toSorted((a, b) => a - b);
      lowest = Math.min(lowest, (light + 0.05) / (dark + 0.05));
    }
    return lowest;
  })()`);
}
