import { member } from "../lib/json.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { ConnectSettings } from "./connect-settings.ts";

export interface Wording extends Pick<ConnectSettings, "credential" | "url"> {
  readonly messageBytes: number;
}

/** The errors of remote servers, worded for somebody who has started one program and has no config; `outage` is why it is away. */
export function errorWording(
  { credential, url, messageBytes }: Wording,
  outage: () => GatewayError | undefined,
): (error: GatewayError) => GatewayError {
  const host = url.host;
  return (error) => {
    const isLate = error.reason === "call_timeout" || error.reason === "start_timeout";
    const cause = isLate ? outage() : undefined;
    const message = [
      withAdvice(error, host, credential),
      ...(cause === undefined ? [] : [withAdvice(cause, host, credential)]),
    ]
      .join(" ")
      .replaceAll(/limits\.(?:request|requestMax|start)\b/g, "--timeout")
      .replaceAll("limits.messageBytes", `${Math.round(messageBytes / 1024 / 1024)} MiB`)
      .replaceAll("(servers.<name>.tls.ca)", "(name a file with its authority in NODE_EXTRA_CA_CERTS)");
    const { limit, ...data } = error.details.data ?? {};
    const details = { ...error.details, data: limit === undefined ? data : { ...data, limit: "--timeout" } };
    return new GatewayError(error.reason, message, details);
  };
}

function withAdvice({ reason, message, details }: GatewayError, host: string, credential: string | undefined): string {
  const status = details.data?.["httpStatus"];
  switch (reason) {
    case "upstream_unauthorized":
      return unauthorized(host, status, credential);
    case "upstream_unreachable":
      return `${message} Check that the URL is right, that the server runs and that this machine reaches it; then try again.`;
    case "upstream_error":
    case "protocol_violation": {
      const isElsewhere = status === 404 || status === 405 || reason === "protocol_violation";
      const advice = `Is this the URL of its MCP endpoint, such as https://${host}/mcp?`;
      const said = member(details.data?.["rpc"], "message");
      return [
        message,
        ...(typeof said === "string" ? [`It says: ${said}`] : []),
        ...(isElsewhere ? [advice] : []),
      ].join(" ");
    }
    default:
      return message;
  }
}

function unauthorized(host: string, status: unknown, credential: string | undefined): string {
  if (credential === undefined) {
    return `${host} wants a credential (HTTP ${String(status)}), and none was given: use --bearer, --header or MCP_GATEWAY_TOKEN.`;
  }
  return status === 403
    ? `${host} does not permit this (HTTP 403) with ${credential}. Ask its operator for the permission, or use another credential.`
    : `${host} does not accept ${credential} (HTTP 401): it may be mistyped, expired or revoked.`;
}
