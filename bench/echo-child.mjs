// The same server as echo-child.c, for machines without a C compiler.
import { once } from "node:events";

const schema = {
  type: "object",
  properties: { message: { type: "string" }, bytes: { type: "integer" }, notifications: { type: "integer" } },
  required: ["message"],
};
const serverInfo = { name: "echo-child", version: "1.0.0" };
const hello = { protocolVersion: "2025-11-25", capabilities: { tools: {}, logging: {} }, serverInfo };
const tools = [{ name: "echo", description: "Says it back", inputSchema: schema }];

let held = "";
process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) {
  const lines = (held + chunk).split("\n");
  held = lines.pop();
  const out = lines.map((line) => receive(JSON.parse(line))).join("");
  if (out !== "" && !process.stdout.write(out)) await once(process.stdout, "drain");
}

function receive({ id, method, params }) {
  if (id === undefined) return "";
  if (method === "initialize") return answer(id, hello);
  if (method === "tools/list") return answer(id, { tools });
  if (method !== "tools/call") return answer(id, {});
  const { message, bytes, notifications = 0 } = params.arguments;
  const text = bytes === undefined ? message : "x".repeat(bytes);
  return notes(notifications) + answer(id, { content: [{ type: "text", text }] });
}

function notes(count) {
  let out = "";
  for (let n = 1; n <= count; n++) {
    const note = { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: `n${n}` } };
    out += `${JSON.stringify(note)}\n`;
  }
  return out;
}

function answer(id, result) {
  return `${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`;
}
