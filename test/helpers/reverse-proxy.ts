import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./gateway.ts";
import { until } from "./until.ts";

export interface ReverseProxy extends AsyncDisposable {
  readonly url: string;
}

/** Where Debian installs programs; /usr/sbin is not on every PATH. */
const FOLDERS = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/bin"];
const START_MS = 20_000;

/** The path of an installed program, or undefined. */
export function programAt(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false; // it is not there
    }
  });
}

/** nginx with deploy/nginx/: the unchanged location in a file with other ports. */
export async function startNginx(gatewayPort: number): Promise<ReverseProxy> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-nginx-"));
  const port = await freePort();
  const server = replaced(readFileSync(join(ROOT, "deploy/nginx/mcp-gateway.conf"), "utf8"), [
    ["server 127.0.0.1:3000;", `server 127.0.0.1:${gatewayPort};`],
    ["listen 80;", `listen 127.0.0.1:${port};`],
    ["/etc/nginx/snippets/", `${join(ROOT, "deploy/nginx")}/`],
  ]);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (what) => `${what}_temp_path ${folder}/${what};`,
  );
  // With Debian's own defaults, with which the example has to work.
  const http = `gzip on; gzip_proxied any; gzip_types *; sendfile on; access_log off; ${temporary.join(" ")}`;
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr;\nevents {}\nhttp { ${http}\n${server}\n}\n`,
  );
  const args = ["-p", folder, "-e", "stderr", "-c", file];
  return started({ child: spawn(programAt("nginx") ?? "nginx", args), folder, port });
}

/** Caddy with deploy/Caddyfile, at other addresses. */
export async function startCaddy(gatewayPort: number): Promise<ReverseProxy> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-caddy-"));
  const port = await freePort();
  const text = replaced(readFileSync(join(ROOT, "deploy/Caddyfile"), "utf8"), [
    ["mcp.example.com {", `http://127.0.0.1:${port} {`],
    ["reverse_proxy 127.0.0.1:3000", `reverse_proxy 127.0.0.1:${gatewayPort}`],
  ]);
  const file = join(folder, "Caddyfile");
  writeFileSync(file, `{\n\tadmin off\n\tgrace_period 1s\n}\n${text}`);
  const args = ["run", "--adapter", "caddyfile", "--config", file];
  const env = { PATH: process.env["PATH"], HOME: folder };
  return started({ child: spawn(programAt("caddy") ?? "caddy", args, { env }), folder, port });
}

interface Starting {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly port: number;
}

async function started({ child, folder, port }: Starting): Promise<ReverseProxy> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const url = `http://127.0.0.1:${port}`;
  const answers = (): Promise<boolean> =>
    fetch(url).then(
      () => true,
      () => false,
    );
  await until(async () => hasExited() || (await answers()), { deadlineMs: START_MS, what: "the proxy answers" });
  if (hasExited()) throw new Error(`the proxy did not start:\n${said}`);
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await until(hasExited, { deadlineMs: START_MS, what: "the proxy ends" });
      rmSync(folder, { recursive: true });
    },
  };
}

/** Fails when a text to replace is missing. */
function replaced(text: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`"${from}" is not in the example`);
    return result.replace(from, to);
  }, text);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
