// Reads the arguments of a form as JSON text: numbers are sent as they were typed, so that long ones stay exact.

/** The value of a field is invalid. */
export class ArgumentError extends Error {
  /**
   * @param {HTMLElement} control
   * @param {string} message
   */
  constructor(control, message) {
    super(message);
    this.control = control;
  }
}

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

/** @param {HTMLFormElement} form */
export function argumentsText(form) {
  const members = [];
  for (const control of form.elements) {
    if (!isControl(control)) continue;
    const { argument, arguments: isRest } = control.dataset;
    if (isRest !== undefined) members.push(membersOf(control));
    if (argument === undefined) continue;
    const value = valueText(control, argument);
    if (value !== undefined) members.push(`${JSON.stringify(argument)}:${value}`);
  }
  return `{${members.filter((member) => member !== "").join(",")}}`;
}

/**
 * Undefined when the argument is omitted.
 * @param {Control} control
 * @param {string} name
 */
function valueText(control, name) {
  const { kind, required } = control.dataset;
  const typed = kind === "text" ? control.value : control.value.trim();
  if (typed === "" && required === undefined) return undefined;
  if (kind === "text") return JSON.stringify(typed);
  if (typed === "") throw new ArgumentError(control, `${name} is required.`);
  // The value of an option is JSON already.
  return kind === "choice" ? typed : jsonText(control, name, typed);
}

/**
 * @param {Control} control
 * @param {string} name
 * @param {string} typed
 */
function jsonText(control, name, typed) {
  try {
    JSON.parse(typed);
    return typed;
  } catch (error) {
    const isNumber = control.dataset.kind !== "json" && Number.isFinite(Number(typed));
    if (isNumber) return String(Number(typed));
    throw new ArgumentError(control, `${name} is not JSON: ${error instanceof Error ? error.message : "?"}`);
  }
}

/**
 * The members of a JSON object, without its braces.
 * @param {Control} control
 */
function membersOf(control) {
  const typed = control.value.trim();
  if (typed === "") return "";
  const text = jsonText(control, "This", typed);
  if (!text.startsWith("{")) throw new ArgumentError(control, "This must be a JSON object: { … }");
  return text.slice(1, -1).trim();
}

/**
 * @param {unknown} element
 * @returns {element is Control}
 */
function isControl(element) {
  return (
    element instanceof HTMLInputElement ||
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement
  );
}
