import type { ProblemText } from "./problem-text.ts";

/** Errors that are not the fault of the request: status 5xx. */
export const SERVER_PROBLEMS: readonly ProblemText[] = [
  [
    "internal",
    500,
    "The gateway failed; it is its fault.",
    "There is a defect in the gateway, or the system refused it something.",
    "Its log says more under the requestId. Please report it.",
  ],
  [
    "not_supported",
    501,
    "The server does not know this method.",
    "Not every server implements all of MCP, or it is of an older version.",
    "Check the server's version and capabilities.",
  ],
  [
    "task_required",
    501,
    "The tool runs only as a task.",
    "The server declares that this tool takes so long that it can only be followed as a task.",
    "Call it over MCP; REST cannot run tasks.",
  ],
  [
    "upstream_error",
    502,
    "The server answered with an error of its own.",
    "The server itself refused or failed; the gateway passes on what it said.",
    "rpc holds its code and message; the server's documentation says more.",
  ],
  [
    "upstream_unreachable",
    502,
    "The server elsewhere could not be reached, or broke off.",
    "It is down or starts again, its name or address is wrong, its certificate is not trusted, or a network is in between.",
    "The detail says what was seen. Try again; if it stays, check the url and tls of the server in the gateway's config.",
  ],
  [
    "upstream_unauthorized",
    502,
    "The server elsewhere does not accept the gateway's credential.",
    "The gateway has a credential of its own there, and it is missing, wrong, expired, or does not permit this.",
    "Only who runs the gateway can correct it: auth of the server in its config. Your own credential was fine.",
  ],
  [
    "process_exited",
    502,
    "The server's process ended before it answered.",
    "It crashed, was killed for lack of memory, or found something missing when it started: a module, a key, a file.",
    "exit holds its code or signal, the gateway's log the last words of its stderr. The call may have had effects.",
  ],
  [
    "spawn_failed",
    502,
    "The server's process could not be started.",
    "Its command is not installed or not on the PATH of the gateway, or its working directory does not exist.",
    "Check command, args, path and env of the server in the gateway's config; the log has the cause.",
  ],
  [
    "protocol_violation",
    502,
    "The server wrote something that is not MCP, or a message that is too large.",
    "Often a print or a log line that belongs on stderr.",
    "Servers must write to stdout nothing but MCP; limits.messageBytes bounds a message.",
  ],
  [
    "unavailable",
    503,
    "The gateway is at a limit or shutting down, the session is over, or the server is away or keeps crashing.",
    "Limits keep one caller from taking everything from all others; a shutdown lets running calls finish.",
    "reason and detail say which. Try again after the time in Retry-After.",
  ],
  [
    "call_timeout",
    504,
    "The server did not answer in time; the call was cancelled.",
    "The tool takes longer than the call may, or it hangs.",
    "It may have had effects. Ask for more time with ?timeoutMs= or Prefer: wait=, or raise rest.timeout.",
  ],
  [
    "start_timeout",
    504,
    "The server was not ready in time.",
    "npx and uvx download packages first; some servers connect to others before they answer.",
    "A first start may have to download: try again, or raise limits.start in the gateway's config.",
  ],
];
