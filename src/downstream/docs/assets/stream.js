// Reads a call that is answered as events (text/event-stream): progress and log lines on the way, then its result.

/**
 * @param {Response} response
 * @param {(event: string, data: string) => void} onEvent
 */
export async function readEvents(response, onEvent) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) tell(block, onEvent);
  }
}

/**
 * @param {string} block
 * @param {(event: string, data: string) => void} onEvent
 */
function tell(block, onEvent) {
  let event = "message";
  const data = [];
  for (const line of block.split("\n")) {
    const [, field = "", value = ""] = /^([a-z]+):? ?(.*)$/s.exec(line) ?? [];
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  if (data.length > 0) onEvent(event, data.join("\n"));
}
