// Links to documents that need credentials: a browser that follows a link cannot send what was typed into the page.
import { credentialOf, credentials } from "./credentials.js";

/**
 * True when the link is taken care of.
 * @param {HTMLAnchorElement} link
 */
export function openDocument(link) {
  if (credentialOf(document).value === "") return false;
  void show(link);
  return true;
}

/** @param {HTMLAnchorElement} link */
async function show(link) {
  const label = link.textContent;
  try {
    const response = await fetch(link.href, { ...credentials(), cache: "no-store" });
    const text = await response.text();
    const type = response.headers.get("content-type")?.includes("json") === true ? "application/json" : "text/plain";
    const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
    window.open(url, "_blank", "noopener");
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    link.textContent = `${label}: ${error instanceof Error ? error.message : String(error)}`;
    setTimeout(() => (link.textContent = label), 5_000);
  }
}
