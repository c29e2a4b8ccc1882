// Servers that were still starting when the page was made: each section is asked for again until it is there.
import { credentials } from "./credentials.js";
import { filterAgain } from "./filter.js";

const PAUSE_MS = 2_000;
const TRIES = 60;

/** @param {() => void} onFilled */
export function fillIn(onFilled) {
  for (const section of document.querySelectorAll("section[data-starting]")) {
    if (section instanceof HTMLElement) void waitFor(section.dataset.starting ?? "", onFilled);
  }
}

/**
 * @param {string} server
 * @param {() => void} onFilled
 */
async function waitFor(server, onFilled) {
  for (let left = TRIES; left > 0; left--) {
    // The gateway itself waits a while before it answers.
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (!(await isFilledIn(server))) continue;
    filterAgain();
    return onFilled();
  }
}

/**
 * Also true when there is nothing to wait for any more.
 * @param {string} server
 */
async function isFilledIn(server) {
  const { headers, credentials: mode } = credentials();
  try {
    const response = await fetch(`${location.pathname}?server=${encodeURIComponent(server)}`, {
      headers: { ...headers, Accept: "text/html" },
      credentials: mode,
      cache: "no-store",
    });
    if (response.status === 401) return true;
    if (!response.ok) return false;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const section = page.getElementById(`server-${server}`);
    if (section === null || section.dataset.starting !== undefined) return section === null;
    replace(page, `server-${server}`);
    replace(page, `nav-server-${server}`);
    return true;
  } catch {
    return false; // the connection failed; it is tried again
  }
}

/**
 * @param {Document} page
 * @param {string} id
 */
function replace(page, id) {
  const made = page.getElementById(id);
  if (made !== null) document.getElementById(id)?.replaceWith(document.adoptNode(made));
}
