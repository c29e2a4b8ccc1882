import { againForm } from "./again-form.js";
import { ROOT } from "./api.js";
import { curlOf, fixtureOf, jsonRpcOf, newSessionId } from "./call-copies.js";
import { copyButton } from "./copy-button.js";
import { button, element } from "./elements.js";
import { rawValue } from "./raw-json.js";

/** @import { SeenMessage, SeenText } from "../console-api.ts" */
/** @import { ToolCall } from "./call-copies.js" */

/**
 * @typedef {object} CallTexts
 * @property {SeenText | string} request
 * @property {SeenMessage | undefined} answer
 * @property {SeenText | string | undefined} answerText
 */

/**
 * What can be done with a tool call: copied, made again.
 * @param {string} server
 * @param {string} tool
 * @param {CallTexts} texts
 */
export function toolCallActions(server, tool, { request, answer, answerText }) {
  const requestText = wholeText(request);
  const isWhole = requestText !== undefined;
  /** @type {ToolCall} */
  const call = { server, tool, argumentsText: argumentsIn(requestText) };
  const before =
    typeof answerText !== "object" || answer === undefined
      ? undefined
      : { ...answerText, isError: answer.failed, ms: answer.ms };
  const place = element("div", "");
  const again = button("Do it again …", "main", () => {
    const { form, focus } = againForm(call, before);
    place.replaceChildren(form);
    again.ariaExpanded = "true";
    focus();
  });
  again.ariaExpanded = "false";
  const fixture = () => fixtureOf(server, requestText ?? "null", wholeText(answerText) ?? "null");
  const bar = element(
    "div",
    "buttons",
    again,
    copyButton("Copy as curl", () => curlOf(call, ROOT, newSessionId())),
    copyButton("Copy as JSON-RPC", () => jsonRpcOf(call)),
    copyButton("Copy as fixture", fixture),
  );
  const cut = isWhole
    ? []
    : [element("p", "hint", "The whole request was not kept: the arguments are yours to write.")];
  return element("div", "call", bar, ...cut, place);
}

/** @param {string | undefined} request */
const argumentsIn = (request) =>
  (request === undefined ? undefined : rawValue(request, ["params", "arguments"])) ?? "{}";

/**
 * Only valid JSON can be part of a file.
 * @param {SeenText | string | undefined} seen
 */
function wholeText(seen) {
  if (typeof seen !== "object" || seen.isCut) return undefined;
  try {
    JSON.parse(seen.text);
    return seen.text;
  } catch {
    return undefined; // masking a secret has cut it
  }
}
