import { hash } from "node:crypto";
import { toJson } from "../../openapi/serialize.ts";
import type { ToolList } from "../../protocol/tool.ts";
import { Renderings } from "../renderings.ts";
import type { VisibleList } from "../visibility.ts";
import { describeLists, type DocumentChoice, type DocumentSettings } from "./documents.ts";
import type { DocumentTarget } from "./target.ts";

/** The options that a client may choose, except for the base URL. */
export type TextChoice = Omit<DocumentChoice, "baseUrl">;

interface TextContext {
  readonly documents: DocumentSettings;
  readonly publicUrl: string | undefined;
  readonly toYaml: (value: unknown) => string;
}

/** A rendered document without the gateway's address, which depends on the Host header and so has unlimited variants. */
interface DocumentText {
  readonly bytes: number;
  readonly tag: string;
  /** The text before and after the address; a single part when the address is fixed. */
  readonly parts: readonly Buffer[];
}

export interface DocumentBody {
  readonly tag: string;
  readonly parts: readonly Buffer[];
}

/** The placeholder for the address. It needs no escaping, like any `Host`, so the text around it is the same for all. */
const ADDRESS = "http://address-of-the-gateway.invalid";

const MIB = 1024 * 1024;

/** The texts of the documents, each rendered once for the tools that it describes. */
export class DocumentTexts {
  readonly #context: TextContext;
  /** One entry per place, profile, version, format, choice of media types, and view of the tools; clients cannot ask for more. */
  readonly #whole = new Renderings<DocumentText>({ entries: 2_000, bytes: 48 * MIB, isFirstFree: true });
  /** With `?tools=` clients can ask for any number of documents. */
  readonly #chosen = new Renderings<DocumentText>({ entries: 32, bytes: 8 * MIB, isFirstFree: false });

  constructor(context: TextContext) {
    this.#context = context;
  }

  /** `visible` is what the reader sees of each list. */
  take(target: DocumentTarget, choice: TextChoice, visible: readonly VisibleList[], address: string): DocumentBody {
    const { profile, version, accept = "json", tools } = choice;
    const [lists, sources] = [visible.map(({ list }) => list), visible.map(({ source }) => source)];
    const view = visible.map((one) => one.key).join(" ");
    const key = [target.folder, target.format, profile, version, accept, view, ...(tools ?? [])].join("\n");
    const texts = tools === undefined ? this.#whole : this.#chosen;
    const { tag, parts } = texts.take(key, sources, () => this.#render(target, choice, lists));
    const [before, ...after] = parts;
    return {
      tag: `"${hash("sha256", tag + address).slice(0, 32)}"`,
      parts: before === undefined || after.length === 0 ? parts : [before, Buffer.from(address), ...after],
    };
  }

  #render({ folder, format }: DocumentTarget, choice: TextChoice, lists: readonly ToolList[]): DocumentText {
    const { documents, publicUrl, toYaml } = this.#context;
    const address = publicUrl?.replace(/\/$/, "") ?? ADDRESS;
    const { document } = describeLists(lists, documents, { ...choice, baseUrl: address + folder });
    const text = Buffer.from(format === "yaml" ? toYaml(document) : toJson(document));
    // The first occurrence is ours: text of servers comes after it.
    const at = publicUrl === undefined ? text.indexOf(ADDRESS) : -1;
    return {
      bytes: text.length,
      tag: hash("sha256", text),
      parts: at === -1 ? [text] : [text.subarray(0, at), text.subarray(at + ADDRESS.length)],
    };
  }
}
