// Shows what a call was answered. All of it is somebody's text: it is put in as text, never as markup.
import { element, fields, parsed } from "./elements.js";
import { colour, uncolour } from "./highlight.js";

const SHOWN_HEADERS = ["x-mcp-session", "retry-after", "ratelimit", "www-authenticate", "x-request-id"];
const MAX_CHARACTERS = 200_000;
const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

/**
 * @typedef {object} Answer
 * @property {Response} response
 * @property {string} text its body: of a stream, the result or the problem
 * @property {number} ms
 * @property {number} [status] where it is not that of the response: of an error in a stream
 */

/**
 * @param {HTMLElement} box
 * @param {Answer} answer
 * @param {{ root: string, curl: string, log: Node[] }} more
 */
export function showAnswer(box, answer, { root, curl, log }) {
  const value = parsed(answer.text);
  const parts = contentParts(value);
  const json = folded("Answer as JSON", indented(answer.text), parts.length === 0);
  const call = folded("This call with curl", curl, false);
  uncolour(box);
  box.replaceChildren(
    statusLine(answer, value),
    ...problemParts(value, root),
    ...parts,
    ...log,
    json,
    call,
    headerList(answer.response),
  );
  box.hidden = false;
  colour(box);
}

/**
 * @param {Answer} answer
 * @param {unknown} value
 */
function statusLine({ response, ms, status = response.status }, value) {
  const isGood = status >= 200 && status < 300;
  const text = status === response.status ? `${status} ${response.statusText}` : String(status);
  const badge = element("strong", `badge ${isGood ? "good" : "bad"}`, text.trim());
  const failed =
    fields(value).isError === true ? [" ", element("strong", "badge bad", "the tool reports an error")] : [];
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
  const { detail, code, reason } = fields(value);
  if (typeof detail !== "string" || typeof code !== "string") return [];
  const name = typeof reason === "string" ? reason : code;
  const link = element("a", "", name);
  if (link instanceof HTMLAnchorElement && /^[a-z_]+$/.test(name)) link.href = `${root}problems/${name}`;
  return [element("p", "alert", `${detail} (`, link, ")")];
}

/** @param {unknown} value */
function contentParts(value) {
  const { content } = fields(value);
  return Array.isArray(content) ? content.flatMap((part) => shownPart(fields(part))) : [];
}

/** @param {Record<string, unknown>} part */
function shownPart({ type, text, data, mimeType }) {
  if (type === "text" && typeof text === "string") return [copyable("Text of the answer", text)];
  const isImage = type === "image" && typeof data === "string" && IMAGES.has(String(mimeType));
  if (!isImage || !/^[A-Za-z0-9+/]+={0,2}$/.test(data)) return [];
  const image = document.createElement("img");
  image.src = `data:${String(mimeType)};base64,${data}`;
  image.alt = "An image in the result";
  return [image];
}

/**
 * @param {string} label
 * @param {string} text
 * @param {boolean} isOpen
 */
function folded(label, text, isOpen) {
  const details = element("details", "raw", element("summary", "", label), copyable(label, text));
  if (details instanceof HTMLDetailsElement) details.open = isOpen;
  return details;
}

/**
 * @param {string} label
 * @param {string} text
 */
function copyable(label, text) {
  const isLong = text.length > MAX_CHARACTERS;
  const pre = element("pre", "", isLong ? `${text.slice(0, MAX_CHARACTERS)}… (${text.length} characters)` : text);
  pre.tabIndex = 0;
  pre.dataset.code = "";
  pre.setAttribute("aria-label", label);
  const button = element("button", "quiet", "Copy");
  button.setAttribute("type", "button");
  button.setAttribute("aria-label", `Copy: ${label}`);
  button.dataset.copy = "";
  return element("div", "copyable", button, pre);
}

/**
 * JSON with line feeds and indentation, without parsing it: long numbers stay as they are.
 * @param {string} text
 */
export function indented(text) {
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
