/**
 * Runs something only while the page can be seen: a tab in the background costs nothing.
 * @param {() => void} start
 * @param {() => void} stop
 */
export function whileVisible(start, stop) {
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  if (!document.hidden) start();
}
