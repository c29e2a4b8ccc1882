import { isLoopback } from "../../../lib/hosts.ts";
import { headerValue } from "./credential.ts";
import { mcpUrl, variableNote, type Snippet, type SnippetPlace } from "./snippet.ts";

/**
 * For LibreChat 0.8.5 and later: without `requiresOAuth: false` a 401 triggers OAuth discovery; its default timeouts are shorter
 * than a server's first start may take; and it refuses private addresses that are not listed.
 */
export function libreChat(place: SnippetPlace): Snippet {
  const { server, baseUrl, credential } = place;
  const { host, hostname } = new URL(baseUrl);
  return {
    client: "LibreChat",
    where: "librechat.yaml",
    text: [...addressLines(baseUrl), ...serverLines(place)].join("\n"),
    notes: [
      ...variableNote(credential),
      ...(isLoopback(hostname)
        ? [
            `In Docker, LibreChat reaches this machine as host.docker.internal: write that instead of ${hostname} in ${host} ` +
              `(twice), and list it under allowedHosts in the gateway's config.`,
          ]
        : []),
      `X-User-Id gives every user a connection, and so a process of ${server}, of their own; without it all users share one.`,
    ],
  };
}

function addressLines(baseUrl: string): readonly string[] {
  const { hostname, port, protocol } = new URL(baseUrl);
  // LibreChat rejects a config that lists a public address, and allows those anyway.
  if (/^[\d.]+$/.test(hostname) && !isPrivate(hostname)) return [];
  const address = `${hostname}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
  return ["mcpSettings:", `  allowedAddresses: [${quoted(address)}]`];
}

function serverLines(place: SnippetPlace): readonly string[] {
  const { server, credential } = place;
  return [
    "mcpServers:",
    `  ${yamlKey(server)}:`,
    "    type: streamable-http",
    `    url: ${quoted(mcpUrl(place))}`,
    "    headers:",
    ...(credential === undefined ? [] : [`      ${yamlKey(credential.header)}: ${quoted(headerValue(credential))}`]),
    '      X-User-Id: "{{LIBRECHAT_USER_ID}}"',
    "    requiresOAuth: false",
    "    timeout: 120000",
    "    initTimeout: 120000",
    "    serverInstructions: true",
  ];
}

/** JSON strings are valid YAML strings. */
const quoted = (text: string): string => JSON.stringify(text);

/** Names such as `null`, `on` or `12` need quotes to be read as strings. */
const yamlKey = (name: string): string =>
  /^[A-Za-z][\w-]*$/.test(name) && !/^(?:null|true|false|yes|no|on|off|y|n)$/i.test(name) ? name : quoted(name);

/** RFC 1918, RFC 6598, loopback and link-local. */
const isPrivate = (address: string): boolean =>
  /^(?:10|127|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(address);
