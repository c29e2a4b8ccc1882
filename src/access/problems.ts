import { isObject, member } from "../lib/json.ts";
import { authKeys, tokenConfig, type TokenConfig } from "./oauth.ts";

/** Something about the config and where it is. */
export interface AccessFinding {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong with the keys of a config together, each of which is right by itself. */
export function accessProblems(config: TokenConfig): AccessFinding[] {
  const { oauth, okta, auth } = config;
  // What is wrong with a single key was reported already.
  if (!authKeys.safeParse(auth).success) return [];
  const all = tokenConfig(config);
  const isOn = member(member(auth, "jwt"), "enabled") === true;
  const jwtPath = isOn ? ["auth", "jwt"] : ["oauth"];
  const problems: AccessFinding[] = [];
  if (oauth?.enabled === true && oauth.authorization_servers.length === 0 && okta?.issuer === undefined) {
    problems.push({ path: ["oauth"], message: "authorization_servers is missing: list the issuers of the tokens" });
  }
  if (all === undefined) return problems;
  const issuers = [...(all.issuer === undefined ? [] : [all.issuer]), ...all.issuers.map(({ issuer }) => issuer)];
  if (issuers.length === 0 && problems.length === 0) {
    problems.push({ path: jwtPath, message: "issuer is missing: name who issues the tokens" });
  }
  const repeated = issuers.find((issuer, at) => issuers.indexOf(issuer) < at);
  if (repeated !== undefined) problems.push({ path: jwtPath, message: `the issuer ${repeated} is named twice` });
  const isForAll = typeof all.audience === "string" || (all.audience ?? []).length > 0;
  const isForEach = all.issuer === undefined && all.issuers.every(({ audience }) => audience !== undefined);
  if (issuers.length > 0 && !isForAll && !isForEach) {
    const message =
      "audience is missing: without it, tokens for anybody else would be accepted; only with publicUrl there is a default";
    problems.push({ path: jwtPath, message });
  }
  return problems;
}

const SHORT_KEY = 16;

/** Remarks about a valid config. */
export function accessRemarks({ auth, oauth, okta }: TokenConfig): AccessFinding[] {
  const keys = member(auth, "apiKeys");
  const short = (Array.isArray(keys) ? keys : []).flatMap((entry: unknown, at) => {
    const key = member(entry, "key");
    return typeof key === "string" && key.length < SHORT_KEY ? [at] : [];
  });
  const remarks: AccessFinding[] = short.map((at) => ({
    path: ["auth", "apiKeys", at, "key"],
    message: `auth.apiKeys.${at}.key is shorter than ${SHORT_KEY} characters and can be guessed; mcp-gateway hash-key makes a better one`,
  }));
  if (okta !== undefined && oauth?.provider.toLowerCase() !== "okta") {
    remarks.push({ path: ["okta"], message: "okta has no effect without oauth.provider: okta" });
  }
  const isOkta = oauth?.enabled === true && oauth.provider.toLowerCase() === "okta" && oauth.audience === undefined;
  if (!isObject(auth) || !isOkta) return remarks;
  const message =
    "oauth.audience is not set: tokens for api://default are accepted, which Okta issues for every application of its authorization server default";
  return [...remarks, { path: ["oauth"], message }];
}
