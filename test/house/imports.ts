// Reads TypeScript just well enough to see what a file imports: tokens, so that comments, strings, templates and regular
// expressions cannot be mistaken for code. (TypeScript 7 has no compiler API to ask.)

export interface Token {
  readonly kind: "word" | "string" | "mark";
  readonly text: string;
  readonly line: number;
}

export interface Import {
  /** What is imported; undefined if only the running program knows. */
  readonly specifier: string | undefined;
  readonly line: number;
}

/** Every static import, export … from, import(…), import("…") type and require(…). */
export function importsOf(tokens: readonly Token[]): Import[] {
  return tokens.flatMap((token, at) => {
    if (token.kind !== "word" || isMark(tokens[at - 1], ".")) return [];
    const specifier = specifierAfter(tokens, at);
    return specifier === "none" ? [] : [{ specifier: specifier.text, line: token.line }];
  });
}

export const isMark = (token: Token | undefined, marks: string): boolean =>
  token?.kind === "mark" && marks.includes(token.text);

function specifierAfter(tokens: readonly Token[], at: number): { readonly text: string | undefined } | "none" {
  const [word, next, after] = tokens.slice(at, at + 3);
  if (word?.text === "require" && isMark(next, "(") && after?.kind === "string") return after;
  if (word?.text === "export")
    return isMark(next?.text === "type" ? after : next, "*{") ? afterFrom(tokens, at) : "none";
  if (word?.text !== "import") return "none";
  if (next?.kind === "string") return next;
  if (isMark(next, "(")) return { text: after?.kind === "string" ? after.text : undefined };
  return afterFrom(tokens, at);
}

// Between `import` or `export` and `from` there are only names, commas, braces and stars. (A property called import, and
// import.meta, are followed by other marks.)
function afterFrom(tokens: readonly Token[], at: number): Token | "none" {
  for (let here = at + 1; here < tokens.length; here++) {
    const [token, next] = tokens.slice(here, here + 2);
    if (token?.kind === "word" && token.text === "from" && next?.kind === "string") return next;
    if (token?.kind === "mark" && !isMark(token, "{},*")) return "none";
    if (isMark(token, "}") && next?.text !== "from") return "none";
  }
  return "none";
}

/** The words, strings (without quotes; a template with nothing to fill in is one, too) and punctuation marks of a file. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  const braces: ("block" | "template")[] = [];
  let line = 1;
  let at = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text === undefined) return undefined;
    at += text.length;
    line += text.split("\n").length - 1;
    return text;
  };
  const add = (kind: Token["kind"], text: string) => void tokens.push({ kind, text, line });
  const takeTemplate = () => {
    const text = take(TEMPLATE_PART) ?? "";
    const goesOn = text.endsWith("${");
    if (goesOn) braces.push("template");
    if (text.startsWith("`") && !goesOn) add("string", text.slice(1, -1));
    else add("mark", goesOn ? "${" : "`");
  };
  const takeMark = () => {
    const mark = source[at++] ?? "";
    if (mark === "{") braces.push("block");
    if (mark === "}") braces.pop();
    add("mark", mark);
  };

  while (at < source.length) {
    if (take(SPACE_OR_COMMENT) !== undefined) continue;
    if (source[at] === "`" || (source[at] === "}" && braces.at(-1) === "template")) {
      if (source[at] === "}") braces.pop();
      takeTemplate();
      continue;
    }
    const word = take(WORD);
    const string = word === undefined ? take(STRING) : undefined;
    if (word !== undefined) add("word", word);
    else if (string !== undefined) add("string", string.slice(1, -1));
    else if (regexMayFollow(tokens.at(-1)) && take(REGEX) !== undefined) add("mark", "/regex/");
    else takeMark();
  }
  return tokens;
}

const SPACE_OR_COMMENT = /(?:\s+|\/\/[^\n]*|\/\*[^]*?\*\/|(?<![^])#![^\n]*)+/y;
const WORD = /[\p{ID_Continue}$#]+/uy;
const STRING = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/y;
const TEMPLATE_PART = /[`}](?:[^`\\$]|\\[^]|\$(?!\{))*(?:`|\$\{|\\?$)/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

// After a value a slash divides; after anything else it begins a regular expression.
function regexMayFollow(last: Token | undefined): boolean {
  if (last === undefined) return true;
  if (last.kind === "string") return false;
  if (last.kind === "word")
    return /^(?:return|typeof|case|in|of|void|delete|throw|do|else|await|yield)$/.test(last.text);
  return ![")", "]", "}", "`", "/regex/"].includes(last.text);
}
