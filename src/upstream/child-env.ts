/**
 * The variables a child inherits unless its entry says `inheritEnv: true`: what it needs to find programs, its home, its locale
 * and a proxy.
 */
const INHERITED: readonly string[] = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "TERM",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TZ",
  "TMPDIR",
  "XDG_CACHE_HOME",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "npm_config_cache",
  "npm_config_registry",
  "UV_CACHE_DIR",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

/** Marks every process of a child's tree, so that one that left its process group can still be identified as ours. */
export const COOKIE_VARIABLE = "MCP_GATEWAY_CHILD";

export interface ChildEnvOptions {
  readonly gatewayEnv: NodeJS.ProcessEnv;
  readonly inheritAll: boolean;
  readonly own: Readonly<Record<string, string>>;
  readonly cookie: string;
}

export function childEnv({ gatewayEnv, inheritAll, own, cookie }: ChildEnvOptions): NodeJS.ProcessEnv {
  return { ...(inheritAll ? gatewayEnv : inheritedFrom(gatewayEnv)), ...own, [COOKIE_VARIABLE]: cookie };
}

/** Of each environment, because looking a variable up in that of a process is slow. */
const inherited = new WeakMap<NodeJS.ProcessEnv, NodeJS.ProcessEnv>();

function inheritedFrom(gatewayEnv: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const known = inherited.get(gatewayEnv);
  if (known !== undefined) return known;
  const env: NodeJS.ProcessEnv = {};
  for (const name of INHERITED) if (gatewayEnv[name] !== undefined) env[name] = gatewayEnv[name];
  inherited.set(gatewayEnv, env);
  return env;
}
