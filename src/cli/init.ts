import { randomBytes } from "node:crypto";
import { writeNew } from "./import.ts";

const DEFAULT_FILE = "config.yaml";
/** 256 random bits, so that the token cannot be guessed. */
const RANDOM_BYTES = 32;

/** Writes a first config with a token of its own. */
export function init(file = DEFAULT_FILE): void {
  const token = `mcp_${randomBytes(RANDOM_BYTES).toString("base64url")}`;
  writeNew(file, firstConfig(token));
  const named = file === DEFAULT_FILE ? "" : ` -c ${file}`;
  process.stderr.write(`${file} is written. Next:

  mcp-gateway${named}
      starts the gateway; http://localhost:3000/docs shows what it serves
  curl -H 'Authorization: Bearer ${token}' http://localhost:3000/api
      lists the servers

The token stands in the file, which only you can read.
`);
}

const firstConfig = (
  token: string,
): string => `# The config of mcp-gateway. mcp-gateway validate --print shows every key with its effective value.
# \${VAR}, \${VAR:-default} and \${file:/run/secrets/x} are filled in, in any value; $\${ is a literal \${.

hostname: 127.0.0.1 # this machine only; 0.0.0.0 listens on all interfaces
port: 3000
# publicUrl: https://mcp.example.com # if there is a reverse proxy in front

# Who may call: whoever sends this token, as "Authorization: Bearer …".
auth:
  bearer:
    tokens: ["${token}"]

# Every entry is an MCP server. Each session gets a process of its own, or a session of its own at a server elsewhere.
servers:
  everything: # a server to try things out with; clients reach it at /everything
    command: npx
    args: [-y, "@modelcontextprotocol/server-everything"]
  # filesystem:
  #   command: npx
  #   args: [-y, "@modelcontextprotocol/server-filesystem", /data]
  # search: # a server elsewhere
  #   url: https://mcp.example.com/mcp
  #   auth: { type: bearer, token: "\${SEARCH_TOKEN}" }
`;
