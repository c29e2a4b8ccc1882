// The minimum cost of a relay: bare node:http, one child per session, lines relayed unchanged, no checks at all.
//   node ideal-relay.mjs COMMAND [ARGS…]      serves /echo/sse, /echo/mcp and /api/echo/echo?sessionId=
import { spawn } from "node:child_process";
import { createServer } from "node:http";

const [command, ...args] = process.argv.slice(2);
const TEXT_BYTES = 16 * 1024;
const EMPTY = { "Content-Length": 0 };
const EVENTS = { "Content-Type": "text/event-stream" };
const sessions = new Map();
let lastId = 0;

const server = createServer((req, res) => {
  const { method, url, headers } = req;
  const query = url.indexOf("?sessionId=");
  const id = query === -1 ? headers["mcp-session-id"] : url.slice(query + "?sessionId=".length);
  if (method === "DELETE") {
    close(id ?? url.slice("/api/sessions/".length));
    return res.writeHead(204).end();
  }
  if (method === "GET" && url.endsWith("/mcp")) return res.writeHead(405, EMPTY).end();
  if (method === "GET") return openSse(res);
  if (url.startsWith("/api/")) return body(req, (parts) => rest(sessions.get(id) ?? openRest(id), res, parts));
  if (query === -1) return body(req, (parts) => streamable(sessions.get(id) ?? openStreamable(), res, parts));
  body(req, (parts) => {
    send(sessions.get(id), "", parts, "\n");
    res.writeHead(202, EMPTY).end();
  });
});
server.listen(0, "127.0.0.1", () => process.stderr.write(`listening on 127.0.0.1:${server.address().port}\n`));

function openSse(res) {
  const pass = (lines) => write(res, lines.flatMap(message));
  const session = open(`s${++lastId}`, pass);
  res.writeHead(200, EVENTS).write(`event: endpoint\ndata: /echo/sse?sessionId=${session.id}\n\n`);
  res.on("close", () => close(session.id));
}

function openStreamable() {
  const session = open(`m${++lastId}`, (lines) => answer(session, lines, (line) => line));
  return session;
}

function streamable(session, res, parts) {
  res.setHeader("Mcp-Session-Id", session.id);
  const id = idOf(parts[0].toString("latin1", 0, 200));
  if (id === undefined) res.writeHead(202, EMPTY).end();
  else session.waiting.set(id, res);
  send(session, "", parts, "\n");
}

function openRest(id) {
  const session = open(id, (lines) => answer(session, lines, resultOf));
  const hello = '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"ideal","version":"1"}}';
  session.child.stdin.write(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":${hello}}\n`);
  session.child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  return session;
}

function rest(session, res, parts) {
  const id = String(++lastId);
  session.waiting.set(id, res);
  const before = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":`;
  send(session, before, parts, "}}\n");
}

/** Routes responses to their request, and notifications to the request in flight, whose response becomes a stream. */
function answer({ waiting }, lines, shape) {
  let notes = [];
  for (const line of lines) {
    const id = idOf(typeof line === "string" ? line : line[0].toString("latin1", 0, 200));
    if (id === undefined) notes.push(...message(line));
    const res = waiting.get(id);
    if (res === undefined || !waiting.delete(id)) continue;
    if (res.headersSent || notes.length > 0) end(stream(res), [...notes, ...message(shape(line))]);
    else endWith(res, shape(line));
    notes = [];
  }
  const [newest] = waiting.values();
  if (notes.length > 0) write(stream(newest), notes);
}

function endWith(res, line) {
  const pieces = typeof line === "string" ? [line] : line;
  const bytes = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
  end(res.writeHead(200, { "Content-Type": "application/json", "Content-Length": bytes }), pieces);
}

function idOf(text) {
  return text.startsWith('{"jsonrpc":"2.0","id":') ? text.slice(22, text.indexOf(",", 22)) : undefined;
}

function message(line) {
  return typeof line === "string" ? [`event: message\ndata: ${line}\n\n`] : ["event: message\ndata: ", ...line, "\n\n"];
}

function stream(res) {
  return res.headersSent ? res : res.writeHead(200, EVENTS);
}

/** The result in `{"jsonrpc":"2.0","id":7,"result":…}`. */
function resultOf(line) {
  if (typeof line === "string") return line.slice(line.indexOf('"result":') + 9, -1);
  const [first, ...more] = line;
  const parts = [first.subarray(first.indexOf('"result":') + 9), ...more];
  parts[parts.length - 1] = parts.at(-1).subarray(0, -1);
  return parts;
}

/** Relays each read from the child in one write. A line is a string, or the chunks of a long one. */
function open(id, deliver) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"] });
  const session = { id, child, waiting: new Map() };
  let held = [];
  child.stdout.on("data", (chunk) => {
    const lines = [];
    let start = 0;
    for (let stop = chunk.indexOf(10); stop !== -1; stop = chunk.indexOf(10, start)) {
      const isShort = held.length === 0 && stop - start <= TEXT_BYTES;
      if (!isShort && stop > start) held.push(chunk.subarray(start, stop));
      lines.push(isShort ? chunk.toString("utf8", start, stop) : held);
      held = [];
      start = stop + 1;
    }
    if (start < chunk.length) held.push(chunk.subarray(start));
    if (lines.length > 0) deliver(lines);
  });
  sessions.set(id, session);
  return session;
}

function close(id) {
  sessions.get(id)?.child.stdin.end();
  sessions.delete(id);
}

function body(req, done) {
  const parts = [];
  req.on("data", (part) => parts.push(part));
  req.on("end", () => done(parts));
}

function send({ child }, before, parts, after) {
  if (parts.length === 1) child.stdin.write(before + parts[0].toString() + after);
  else write(child.stdin, [before, ...parts, after]);
}

function end(res, pieces) {
  if (pieces.length === 1) return res.end(pieces[0]);
  write(res, pieces);
  res.end();
}

function write(target, pieces) {
  if (pieces.every((piece) => typeof piece === "string")) return target.write(pieces.join(""));
  target.cork();
  for (const piece of pieces) if (piece.length > 0) target.write(piece);
  target.uncork();
}
