import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Request, Response } from "express";
import { setPageHeaders } from "./frame.ts";

const STYLE = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

/** The files below `assets/` that pages load, and no others. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["style.css", STYLE],
  ["page.js", SCRIPT],
  ["arguments.js", SCRIPT],
  ["call.js", SCRIPT],
  ["answer.js", SCRIPT],
]);

interface Asset {
  readonly text: string;
  readonly type: string;
  readonly tag: string;
}

/** Style and scripts of the pages: the same in every installation, so they need no credentials. */
export class Assets {
  readonly #read = new Map<string, Asset>();

  has(name: string): boolean {
    return TYPES.has(name);
  }

  async send(request: Request, response: Response, name: string): Promise<void> {
    const { text, type, tag } = this.#read.get(name) ?? (await this.#load(name));
    setPageHeaders(response);
    response.set("ETag", tag).set("Cache-Control", "no-cache");
    if (request.headers["if-none-match"] === tag) return void response.status(304).end();
    response.set("Content-Type", type).send(text);
  }

  async #load(name: string): Promise<Asset> {
    const text = await readFile(join(import.meta.dirname, "assets", name), "utf8");
    const asset = { text, type: TYPES.get(name) ?? "", tag: `"${hash("sha256", text).slice(0, 32)}"` };
    this.#read.set(name, asset);
    return asset;
  }
}
