// The minimum cost of a relay from HTTP to HTTP: node:http in, undici out, bodies passed on as they arrive, no checks at all.
//   node ideal-http-relay.mjs PORT
import { createServer } from "node:http";
import { Pool } from "undici";

const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, { connections: 256 });
const PASSED = ["content-type", "accept", "mcp-session-id", "mcp-protocol-version"];

const server = createServer((req, res) => {
  const parts = [];
  req.on("data", (part) => parts.push(part));
  req.on("end", () => relay(req, res, parts.length === 1 ? parts[0] : Buffer.concat(parts)));
});
server.listen(0, "127.0.0.1", () => process.stderr.write(`listening on 127.0.0.1:${server.address().port}\n`));

function relay({ method, url, headers }, res, body) {
  const passed = PASSED.flatMap((name) => (headers[name] === undefined ? [] : [name, headers[name]]));
  pool.dispatch(
    { path: url, method, headers: passed, body: body.length === 0 ? null : body },
    {
      onRequestStart() {},
      onResponseStart(_controller, status, received) {
        const own = { ...received };
        delete own.connection;
        delete own["keep-alive"];
        res.writeHead(status, own);
      },
      onResponseData(_controller, chunk) {
        res.write(chunk);
      },
      onResponseEnd() {
        res.end();
      },
      onResponseError(_controller, error) {
        res.destroy(error);
      },
    },
  );
}
