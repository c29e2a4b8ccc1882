import { button, element, part } from "./elements.js";

/**
 * Asks before something is done that cannot be undone.
 * @param {{ title: string, text: string, action: string }} question
 * @returns {Promise<boolean>}
 */
export function ask({ title, text, action }) {
  const dialog = part("ask", HTMLDialogElement);
  const heading = element("h2", "", title);
  heading.id = "ask-title";
  const buttons = element(
    "p",
    "buttons",
    button("Cancel", "", () => dialog.close("no")),
    button(action, "danger", () => dialog.close("yes")),
  );
  dialog.replaceChildren(heading, element("p", "", text), buttons);
  dialog.returnValue = "no"; // Escape leaves it as it is
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
