import { describe, expect, it } from "vitest";
import { childEnv, COOKIE_VARIABLE } from "../../src/upstream/child-env.ts";

const gatewayEnv: NodeJS.ProcessEnv = {
  PATH: "/bin",
  HOME: "/home/gateway",
  LANG: "C.UTF-8",
  TMPDIR: "/tmp",
  HTTPS_PROXY: "http://proxy",
  ADMIN_PASSWORD: "hunter2",
  AWS_SECRET_ACCESS_KEY: "hunter2",
  GITHUB_TOKEN: "hunter2",
  CONFIG_PATH: "/etc/mcp.yaml",
  NODE_OPTIONS: "--require /x.js",
  LD_PRELOAD: "/x.so",
  PORT: "3000",
  npm_config__authToken: "hunter2",
};

describe("a child inherits", () => {
  it("what it needs to find programs, a home, a language, a proxy", () => {
    expect(envOf({})).toMatchObject({
      PATH: "/bin",
      HOME: "/home/gateway",
      LANG: "C.UTF-8",
      TMPDIR: "/tmp",
      HTTPS_PROXY: "http://proxy",
    });
  });

  it("nothing else of the gateway's environment", () => {
    const known = ["PATH", "HOME", "LANG", "TMPDIR", "HTTPS_PROXY", COOKIE_VARIABLE];
    expect(Object.keys(envOf({})).toSorted()).toEqual(known.toSorted());
    expect(JSON.stringify(envOf({}))).not.toContain("hunter2");
  });

  it("all of it when its entry says so", () => {
    expect(envOf({ inheritAll: true })).toEqual({ ...gatewayEnv, [COOKIE_VARIABLE]: "c" });
  });
});

describe("the entry's own variables", () => {
  it("are added, and come before what is inherited", () => {
    for (const inheritAll of [false, true]) {
      expect(envOf({ inheritAll, own: { PATH: "/opt/bin", DEBUG: "0" } })).toMatchObject({
        PATH: "/opt/bin",
        DEBUG: "0",
        HOME: "/home/gateway",
      });
    }
  });

  it("cannot take away the mark by which a child is known", () => {
    for (const inheritAll of [false, true]) {
      expect(envOf({ inheritAll, own: { [COOKIE_VARIABLE]: "mine" } })[COOKIE_VARIABLE]).toBe("c");
    }
  });
});

it("a gateway inside of a gateway marks its children with its own mark", () => {
  const nested = { ...gatewayEnv, [COOKIE_VARIABLE]: "outer" };
  expect(childEnv({ gatewayEnv: nested, inheritAll: true, own: {}, cookie: "inner" })[COOKIE_VARIABLE]).toBe("inner");
});

/** Without the names that have no value, which spawn leaves out too. */
function envOf({ inheritAll = false, own = {} }: { inheritAll?: boolean; own?: Record<string, string> }) {
  const env = childEnv({ gatewayEnv, inheritAll, own, cookie: "c" });
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}
