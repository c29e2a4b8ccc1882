// Shows the response of a call. It is untrusted, so it is inserted as text, never as markup.

const SHOWN_HEADERS = [
  "content-type",
  "x-mcp-session",
  "x-mcp-tool-error",
  "x-mcp-truncated",
  "retry-after",
  "ratelimit",
  "www-authenticate",
  "x-request-id",
];
const MAX_CHARACTERS = 200_000;
const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

/**
 * @param {HTMLElement} box
 * @param {{ response: Response, text: string, ms: number }} answer
 * @param {string} root
 */
export function showAnswer(box, { response, text, ms }, root) {
  const value = parsed(text);
  const parts = contentParts(value);
  const json = element("details", "raw", element("summary", "", "Answer as JSON"), block(indented(text)));
  if (json instanceof HTMLDetailsElement) json.open = parts.length === 0;
  box.replaceChildren(statusLine(response, ms), headerList(response), ...problemParts(value, root), ...parts, json);
  box.hidden = false;
}

/**
 * @param {Response} response
 * @param {number} ms
 */
function statusLine({ status, statusText, ok, headers }, ms) {
  const badge = element("strong", `badge ${ok ? "good" : "bad"}`, `${status} ${statusText}`);
  const isToolError = headers.get("x-mcp-tool-error") === "true";
  const failed = isToolError ? [" ", element("strong", "badge bad", "the tool reports an error")] : [];
  return element("p", "status", badge, ...failed, ` ${ms} ms`);
}

/** @param {Response} response */
function headerList({ headers }) {
  const rows = SHOWN_HEADERS.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [element("dt", "", name), element("dd", "", value)];
  });
  return element("dl", "headers", ...rows);
}

/**
 * @param {unknown} value
 * @param {string} root
 */
function problemParts(value, root) {
  const { detail, code } = fields(value);
  if (typeof detail !== "string" || typeof code !== "string") return [];
  const link = element("a", "", code);
  if (link instanceof HTMLAnchorElement && /^[a-z_]+$/.test(code)) link.href = `${root}problems/${code}`;
  return [element("p", "alert", `${detail} (`, link, ")")];
}

/** @param {unknown} value */
function contentParts(value) {
  const { content } = fields(value);
  return Array.isArray(content) ? content.flatMap((part) => shownPart(fields(part))) : [];
}

/** @param {Record<string, unknown>} part */
function shownPart({ type, text, data, mimeType }) {
  if (type === "text" && typeof text === "string") return [block(text)];
  const isImage = type === "image" && typeof data === "string" && IMAGES.has(String(mimeType));
  if (!isImage || !/^[A-Za-z0-9+/]+={0,2}$/.test(data)) return [];
  const image = document.createElement("img");
  image.src = `data:${String(mimeType)};base64,${data}`;
  image.alt = "An image in the result";
  return [image];
}

/** @param {string} text */
function block(text) {
  const isLong = text.length > MAX_CHARACTERS;
  const pre = element("pre", "", isLong ? `${text.slice(0, MAX_CHARACTERS)}… (${text.length} characters)` : text);
  pre.tabIndex = 0;
  return pre;
}

/**
 * JSON with line breaks and indentation, formatted without parsing it, so that long numbers stay exact.
 * @param {string} text
 */
function indented(text) {
  if (text.length > MAX_CHARACTERS || parsed(text) === undefined) return text;
  let depth = 0;
  const next = () => `\n${"  ".repeat(Math.min(depth, 40))}`;
  return text.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{[]\s*[}\]]|[{[\]}:,]|\s+/g, (token) => {
    if (/^\s/.test(token)) return "";
    if (token === "," || token === ":") return token === "," ? `,${next()}` : ": ";
    if (token === "{" || token === "[") return `${token}${(depth++, next())}`;
    if (token === "}" || token === "]") return `${(depth--, next())}${token}`;
    return token;
  });
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // shown as it is
  }
}

/**
 * The members of an object; empty for any other value.
 * @param {unknown} value
 * @returns {Record<string, unknown>}
 */
function fields(value) {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/**
 * @param {string} name
 * @param {string} className
 * @param {...(Node | string)} children
 */
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}
