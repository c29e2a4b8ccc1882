import { isSecureUrl } from "./secure-url.ts";

const MAX_BYTES = 512 * 1024;

/** A JSON document of an issuer, within limits of time and size, from the URL itself and no other. */
export async function fetchJson(url: string, timeoutMs: number): Promise<unknown> {
  if (!isSecureUrl(url)) throw new Error(`${url} is not a secure URL`);
  const response = await fetch(url, {
    headers: { accept: "application/json" },
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new HttpError(url, response.status);
  }
  return JSON.parse(await textOf(response, url));
}

export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;

  constructor(url: string, status: number) {
    super(`${url} answered with status ${status}`);
    this.status = status;
  }
}

async function textOf({ body }: Response, url: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`${url} has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
