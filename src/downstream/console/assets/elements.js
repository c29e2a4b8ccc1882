// Small helpers: elements made of text, never of markup.

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} className
 * @param {...(Node | string)} children
 */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/**
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
export function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/**
 * @param {string} label
 * @param {string} className
 * @param {() => void} onClick
 */
export function button(label, className, onClick) {
  const made = element("button", className, label);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

/**
 * A part that the page was served with.
 * @template {Element} Part
 * @param {string} id
 * @param {new () => Part} type
 */
export function part(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page has no part "${id}"`);
  return found;
}

/**
 * Leaves the page alone when nothing has changed: a selection in it stays.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Figures with their names, as a list.
 * @param {HTMLElement} list a `dl`
 * @param {readonly (readonly [name: string, value: string])[]} figures
 */
export function setFigures(list, figures) {
  if (list.childElementCount !== figures.length) {
    list.replaceChildren(...figures.map(([name]) => element("div", "", element("dt", "", name), element("dd", ""))));
  }
  for (const [at, [name, value]] of figures.entries()) {
    const [label, figure] = list.children[at]?.children ?? [];
    if (label !== undefined) setText(label, name);
    if (figure !== undefined) setText(figure, value);
  }
}

/**
 * Puts the children in this order and removes all others. What is in its place already is not moved, so that it keeps the focus.
 * @param {Element} parent
 * @param {readonly Element[]} children
 */
export function setChildren(parent, children) {
  const wanted = new Set(children);
  for (const child of parent.querySelectorAll(":scope > *")) if (!wanted.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}
