import { hash } from "node:crypto";
import { toJson } from "../../openapi/serialize.ts";
import type { ToolList } from "../../protocol/tool.ts";
import { Renderings } from "../renderings.ts";
import { describeLists, type DocumentChoice, type DocumentSettings } from "./documents.ts";
import type { DocumentTarget } from "./target.ts";

/** What a reader may choose of a document's text, besides its place. */
export type TextChoice = Omit<DocumentChoice, "baseUrl">;

interface TextContext {
  readonly documents: DocumentSettings;
  readonly publicUrl: string | undefined;
  readonly toYaml: (value: unknown) => string;
}

/** A text that lacks the address at which its reader found us: that is the reader's own word, and there is no end of those. */
interface DocumentText {
  readonly bytes: number;
  readonly tag: string;
  /** Before the address and after it; all of the text where the address is always the same. */
  readonly parts: readonly Buffer[];
}

export interface FinishedText {
  readonly tag: string;
  readonly parts: readonly Buffer[];
}

/** Where the address comes in. It is as plain as any `Host`, so the text around it is the same for all. */
const ADDRESS = "http://address-of-the-gateway.invalid";

const MIB = 1024 * 1024;

/** The texts of the documents, each rendered once for the tools that it describes. */
export class DocumentTexts {
  readonly #context: TextContext;
  /** As many as there are places, profiles, versions, formats and choices of media types; readers cannot ask for more. */
  readonly #whole = new Renderings<DocumentText>({ entries: Infinity, bytes: 48 * MIB, isFirstFree: true });
  /** With `?tools=` readers can ask for any number. */
  readonly #chosen = new Renderings<DocumentText>({ entries: 32, bytes: 8 * MIB, isFirstFree: false });

  constructor(context: TextContext) {
    this.#context = context;
  }

  take(target: DocumentTarget, choice: TextChoice, lists: readonly ToolList[], address: string): FinishedText {
    const { profile, version, accept = "json", tools } = choice;
    const key = [target.folder, target.format, profile, version, accept, ...(tools ?? [])].join("\n");
    const texts = tools === undefined ? this.#whole : this.#chosen;
    const { tag, parts } = texts.take(key, lists, () => this.#render(target, choice, lists));
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
    // The first one is ours: what servers say comes after it.
    const at = publicUrl === undefined ? text.indexOf(ADDRESS) : -1;
    return {
      bytes: text.length,
      tag: hash("sha256", text),
      parts: at === -1 ? [text] : [text.subarray(0, at), text.subarray(at + ADDRESS.length)],
    };
  }
}
