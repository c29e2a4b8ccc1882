// Finds tools by name: in the page, in the side bar, and hides servers of which nothing is left.

/** @param {string} typed */
export function filterTools(typed) {
  const wanted = typed.trim().toLowerCase();
  let found = 0;
  let all = 0;
  for (const server of document.querySelectorAll("section.server")) {
    if (!(server instanceof HTMLElement)) continue;
    const tools = [...server.querySelectorAll("details.tool")].filter((tool) => tool instanceof HTMLElement);
    const matches = tools.map((tool) => (tool.dataset.filter ?? "").toLowerCase().includes(wanted));
    const isNamed = server.id.slice("server-".length).toLowerCase().includes(wanted);
    // Whoever types the name of a server wants all of it, unless it is the name of a tool there.
    const takesAll = isNamed && !matches.includes(true);
    const links = document.querySelectorAll(`[id="${CSS.escape(`nav-${server.id}`)}"] ul li`);
    for (const [at, tool] of tools.entries()) {
      const isShown = takesAll || (matches[at] ?? false);
      tool.hidden = !isShown;
      const link = links[at];
      if (link instanceof HTMLElement) link.hidden = !isShown;
      if (isShown) found++;
    }
    all += tools.length;
    const isEmpty = wanted !== "" && !isNamed && !matches.includes(true);
    server.hidden = isEmpty;
    const entry = document.getElementById(`nav-${server.id}`);
    if (entry !== null) entry.hidden = isEmpty;
  }
  const state = document.getElementById("filter-state");
  if (state !== null) state.textContent = wanted === "" ? "" : `${found} of ${all}`;
}

/** The same again, after something was added to the page. */
export function filterAgain() {
  const field = document.getElementById("filter");
  if (field instanceof HTMLInputElement && field.value !== "") filterTools(field.value);
}
