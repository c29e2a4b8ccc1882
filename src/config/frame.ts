import type { LineCounter } from "yaml";
import { isSecretName } from "./secret-names.ts";
import type { Position } from "./problems.ts";

export type FrameMaker = (offset: number) => Position;

const WIDTH = 120;
/** A number, `true`, `node`: where no secret is expected, none is that short. */
const HARMLESS_LENGTH = 5;
/** A quoted text or a run of plain characters. */
const TOKEN = /"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s{}[\],:"']+/g;
/** Places offsets of a source, each with its line and a mark below. Besides keys only the shortest values of plain keys are shown: any other may be a secret. */
export function frameMaker(source: string, lineCounter: LineCounter): FrameMaker {
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
    return { line, column: col, frame: `${gutter}${shown}\n${" ".repeat(gutter.length + before.length - from)}^` };
  };
}

/** For one part of a line after the other. */
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
      // What follows a key or an option is its value.
      if (isKey || /^["']?-./.test(token)) isSecret = isSecretName(token);
      return isShown ? token : "…";
    });
  };
}
