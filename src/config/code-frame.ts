import type { LineCounter } from "yaml";
import { isSecretName } from "./secret-names.ts";
import type { Position } from "./problems.ts";

export type CodeFrameMaker = (offset: number) => Position;

const WIDTH = 120;
/** Numbers, `true`, `node`: values this short are shown where no secret is expected. */
const HARMLESS_LENGTH = 5;
/** A quoted string or a run of plain characters. */
const TOKEN = /"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s{}[\],:"']+/g;
/**
 * Resolves source offsets to a line, a column and a code frame with a mark. Besides keys, only the shortest values of keys that
 * do not name a secret are shown, because any other value may be a secret.
 */
export function codeFrameMaker(source: string, lineCounter: LineCounter): CodeFrameMaker {
  const lines = source.split("\n");
  return (offset) => {
    const { line, col } = lineCounter.linePos(offset);
    const text = (lines[line - 1] ?? "").trimEnd();
    const show = keysOnly(text);
    const before = show(0, col - 1);
    const after = show(col - 1, text.length);
    const from = Math.max(0, before.length - WIDTH / 2);
    const gutter = `  ${line} | `;
    const shown = `${before}${after}`.slice(from, from + WIDTH);
    return { line, column: col, codeFrame: `${gutter}${shown}\n${" ".repeat(gutter.length + before.length - from)}^` };
  };
}

/** Masks a line in successive parts. */
function keysOnly(line: string): (from: number, to: number) => string {
  let isSecret = false;
  return (from, to) => {
    const rest = line.slice(to);
    const part = line.slice(from, to);
    return part.replaceAll(TOKEN, (token: string, at: number) => {
      const next = part.slice(at + token.length) + rest;
      const isMark = token === "-" || token === "?" || token === "#";
      const isKey = /^\s*:(?:\s|$)/.test(next);
      const isShown = isKey || isMark || (!isSecret && token.length <= HARMLESS_LENGTH);
      // The value of a key or an option follows it.
      if (isKey || /^["']?-./.test(token)) isSecret = isSecretName(token);
      return isShown ? token : "…";
    });
  };
}
