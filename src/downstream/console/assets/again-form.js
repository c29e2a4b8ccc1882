import { callAgain } from "./api.js";
import { answerColumns } from "./again-answers.js";
import { argumentsFault } from "./arguments-check.js";
import { button, element, setText } from "./elements.js";
import { indented } from "./indented.js";
import { attempt, say } from "./notices.js";
import { visibleJson } from "./visible.js";

/** @import { Answer } from "./again-answers.js" */
/** @import { ToolCall } from "./call-copies.js" */

const MASK = "[redacted]";

/**
 * An editor for the arguments of a call, to make it again.
 * @param {ToolCall} call
 * @param {Answer | undefined} before
 */
export function againForm(call, before) {
  const field = element("textarea", "editor", visibleJson(indented(call.argumentsText)));
  field.id = "again-arguments";
  field.spellcheck = false;
  field.rows = Math.min(16, Math.max(4, field.value.split("\n").length + 1));
  const label = element("label", "", "Arguments");
  label.htmlFor = field.id;
  const fault = element("p", "fault");
  fault.id = "again-fault";
  fault.role = "status";
  field.setAttribute("aria-describedby", fault.id);
  const answers = element("div", "");
  const send = button("Send", "main", () => void sendNow());
  const masked = call.argumentsText.includes(MASK) ? [element("p", "hint", MASKED)] : [];
  const check = () => {
    const found = argumentsFault(field.value);
    setText(fault, found ?? "");
    field.ariaInvalid = String(found !== undefined);
    send.disabled = found !== undefined;
  };
  const sendNow = async () => {
    if (send.disabled) return;
    send.disabled = true;
    setText(send, "Sending …");
    await attempt("The call could not be sent again", async () => {
      const now = await callAgain(call.server, call.tool, field.value);
      answers.replaceChildren(answerColumns(before, now));
      say(now.isError ? "The call failed." : "The answer has come.");
    });
    setText(send, "Send");
    check();
  };
  field.addEventListener("input", check);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void sendNow();
  });
  check();
  const hint = element("span", "hint", "in a process of its own, as you; Ctrl+Enter");
  const form = element(
    "section",
    "again",
    ...masked,
    label,
    field,
    fault,
    element("p", "buttons", send, hint),
    answers,
  );
  form.ariaLabel = "Do it again";
  return { form, focus: () => field.focus() };
}

const MASKED = `Secrets were masked in what the gateway kept: put them in where there is ${MASK}.`;
