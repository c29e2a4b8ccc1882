import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./until.ts";

/** One value of the answer to a query: its labels, and the number. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus extends AsyncDisposable {
  /** An instant query. */
  query(expression: string): Promise<readonly Sample[]>;
  /** The sum of all samples; 0 when there is none. */
  sum(expression: string): Promise<number>;
}

/** A real Prometheus (Debian: prometheus) that scrapes one port of loopback twice a second. */
export async function startPrometheus(scraped: number, scrape: object = {}): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), "prometheus-"));
  const port = await freePort();
  const job = { job_name: "mcp-gateway", static_configs: [{ targets: [`127.0.0.1:${scraped}`] }], ...scrape };
  // JSON is YAML.
  writeFileSync(
    join(folder, "prometheus.yml"),
    JSON.stringify({ global: { scrape_interval: "500ms", scrape_timeout: "500ms" }, scrape_configs: [job] }),
  );
  const server = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const said: Buffer[] = [];
  server.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  const base = `http://127.0.0.1:${port}`;
  const query = async (expression: string): Promise<readonly Sample[]> => {
    const answer = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { status, data, error } = (await answer.json()) as Answer;
    if (status !== "success") throw new Error(`${expression}: ${error}`);
    return data.result.map(({ metric, value: [, text] }) => ({ labels: metric, value: Number(text) }));
  };
  const prometheus: Prometheus = {
    query,
    sum: async (expression) => (await query(expression)).reduce((sum, { value }) => sum + value, 0),
    async [Symbol.asyncDispose]() {
      const exited = once(server, "exit");
      server.kill("SIGTERM");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const isReady = async (): Promise<boolean> => (await fetch(`${base}/-/ready`)).ok;
  await until(isReady, { deadlineMs: 20_000, what: "Prometheus is ready" }).catch(async (error: unknown) => {
    await prometheus[Symbol.asyncDispose]();
    throw new Error(`Prometheus did not start: ${Buffer.concat(said).toString()}`, { cause: error });
  });
  return prometheus;
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
