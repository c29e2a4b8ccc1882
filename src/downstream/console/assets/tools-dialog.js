import { button, element, part } from "./elements.js";
import { counted } from "./format.js";
import { indented } from "./indented.js";
import { coloured } from "./json-colours.js";
import { visibleLine, visibleText } from "./visible.js";

/** @import { ListedTool } from "../console-api.ts" */

const MAX_TOOLS = 500;

/**
 * @param {string} server
 * @param {readonly ListedTool[]} tools
 */
export function showTools(server, tools) {
  const dialog = part("tools", HTMLDialogElement);
  const title = element("h2", "", `${visibleLine(server)}: ${counted(tools.length, "tool")}`);
  title.id = "tools-title";
  const close = button("Close", "", () => dialog.close());
  const more = tools.length > MAX_TOOLS ? [element("p", "hint", `The first ${MAX_TOOLS} are shown.`)] : [];
  dialog.replaceChildren(
    element("div", "bar", title, close),
    ...more,
    element("ul", "tools", ...tools.slice(0, MAX_TOOLS).map(toolItem)),
  );
  dialog.showModal();
}

/** @param {ListedTool} tool */
function toolItem({ name, description, inputSchema }) {
  const schema = element("details", "", element("summary", "", "Arguments (JSON Schema)"));
  // Most of them are never opened.
  schema.addEventListener(
    "toggle",
    () => {
      const text = element("pre", "", ...coloured(visibleText(indented(JSON.stringify(inputSchema) ?? "none"))));
      text.tabIndex = 0;
      schema.append(text);
    },
    { once: true },
  );
  const about = description === undefined ? [] : [element("p", "text", visibleText(description, 4000))];
  return element("li", "", element("h3", "", visibleLine(name)), ...about, schema);
}
