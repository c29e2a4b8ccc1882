import type { IncomingMessage } from "node:http";
import { publicPrefix, type PublicPath } from "./public-path.ts";

const HOST = /^[A-Za-z0-9.-]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/;

export interface PublicAddress {
  readonly publicUrl: string | undefined;
  readonly publicPath: PublicPath | undefined;
}

/** Where the reader found us: `publicUrl`, else the Host it used, which is also where it will send its calls. */
export function baseUrl(request: IncomingMessage, { publicUrl, publicPath }: PublicAddress): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/$/, "");
  const { host } = request.headers;
  const name = host !== undefined && HOST.test(host) ? host : "localhost";
  return `http://${name}${publicPrefix(request, publicPath)}`;
}
