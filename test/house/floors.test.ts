import { readFileSync, readdirSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { type Token, importsOf, isMark, tokensOf } from "./imports.ts";

// A file imports from its own room or from a lower floor, never upwards, never sideways. Rooms of one floor are blind to
// each other; on the top floor main.ts sees cli/ and gateway.ts, cli/ sees gateway.ts.
const floors: readonly (readonly string[])[] = [
  ["lib"],
  ["protocol"],
  ["access", "aggregate", "client", "session", "upstream", "openapi", "observability", "cluster"],
  ["downstream"],
  ["config"],
  ["gateway-access.ts", "gateway-servers.ts", "gateway-sessions.ts"],
  ["gateway-console.ts"],
  ["gateway-http.ts"],
  ["gateway.ts"],
  ["cli"],
  ["main.ts"],
];

// Outside packages may only be imported through these doors. A package without a line here may not be used at all; a builtin
// module of Node without a line may be used anywhere.
const doors: ReadonlyMap<string, readonly string[]> = new Map([
  ["express", ["downstream"]],
  ["negotiator", ["downstream"]],
  ["markdown-it", ["downstream"]],
  ["@modelcontextprotocol/*", ["upstream", "protocol/eras"]],
  ["undici", ["upstream"]],
  ["node:child_process", ["upstream"]],
  ["passport*", ["access/auth"]],
  ["jose", ["access/auth"]],
  ["yaml", ["config"]],
  ["winston", ["observability"]],
  ["prom-client", ["observability"]],
  ["@opentelemetry/api", ["observability"]],
  ["ioredis", ["cluster"]],
  ["rate-limiter-flexible", ["access"]],
  ["openapi3-ts", ["openapi"]],
  ["commander", ["cli", "main.ts"]],
  // Rooms declare the schema of their own part of the config.
  [
    "zod",
    [
      "access",
      "aggregate",
      "client",
      "session",
      "upstream",
      "downstream",
      "observability",
      "openapi",
      "config",
      "protocol",
    ],
  ],
  ["lru-cache", ["access", "downstream", "session"]],
  ["nanoid", ["session", "downstream"]],
  ["ajv", ["upstream", "downstream", "openapi"]],
  ["ajv-formats", ["upstream", "downstream", "openapi"]],
  // Ways around this test: `process` is a global, and require() would hide what it loads.
  ["node:process", []],
  ["node:module", []],
]);

const globals: ReadonlyMap<string, readonly string[]> = new Map([
  ["process.env", ["config", "cli"]],
  ["process.exit", ["main.ts"]],
]);

const source = readSource(join(import.meta.dirname, "../../src"));

describe("the source", () => {
  it("is seen by this test, imports and all", () => {
    const imports = [...source.values()].flatMap((text) => importsOf(tokensOf(text)));
    expect(source.size).toBeGreaterThan(0);
    expect(imports.filter(({ specifier }) => specifier?.startsWith("."))).not.toEqual([]);
    expect(imports.filter(({ specifier }) => specifier?.startsWith("node:"))).not.toEqual([]);
  });

  it("keeps to its floors and doors", () => {
    expect(faultsIn(source)).toEqual([]);
  });
});

describe("a planted fault is found:", () => {
  it.each([
    ["an upward import", "session/a.ts", 'import { x } from "../downstream/b.ts";', "upwards"],
    ["a sideways import", "session/a.ts", 'import { x } from "../upstream/b.ts";', "sideways"],
    ["the client in a session's room", "client/a.ts", 'import { x } from "../session/b.ts";', "sideways"],
    ["a sideways import of a type", "openapi/a.ts", 'import type { X } from "../upstream/b.ts";', "sideways"],
    ["an import from deep inside a room", "access/auth/a.ts", 'import { x } from "../../session/b.ts";', "sideways"],
    [
      "an import over several lines",
      "lib/a.ts",
      'import {\n  x, // from "./y.ts"\n} from "../protocol/b.ts";',
      "upwards",
    ],
    ["a default and a namespace", "lib/a.ts", 'import d, * as all from "../config/b.ts"', "upwards"],
    ["an import named from", "lib/a.ts", 'import from from "../config/b.ts"', "upwards"],
    ["an import for its effects", "lib/a.ts", "import '../config/b.ts'", "upwards"],
    ["an import() of a literal", "lib/a.ts", 'const x = await import("../config/b.ts");', "upwards"],
    ["an import() of a template", "lib/a.ts", "const x = await import(`../config/b.ts`);", "upwards"],
    ["an import() in a template", "lib/a.ts", 'const x = `a${{ b: await import("../config/b.ts") }}c`;', "upwards"],
    ["an import() after a template", "lib/a.ts", 'f(`${x}`)\nlet y = `${x}`\nimport("../config/b.ts")', "upwards"],
    ["an import() after a regular expression", "lib/a.ts", 'f(/["`/]/); await import("../config/b.ts");', "upwards"],
    ["an import() after a division", "lib/a.ts", 'const x = (a) / b; await import("../config/b.ts") / c;', "upwards"],
    ["an import() of who knows what", "lib/a.ts", "const x = await import(name);", "unreadable"],
    ["the type of an import", "lib/a.ts", 'type X = import("../config/b.ts").X;', "upwards"],
    ["an import after one of a dot", "lib/a.ts", 'import "."\nimport "../config/b.ts"', "upwards"],
    ["an export from above", "lib/a.ts", 'export { x } from "../config/b.ts";', "upwards"],
    ["an export of a type from above", "lib/a.ts", 'export type { X } from "../config/b.ts";', "upwards"],
    ["an export of everything from above", "lib/a.ts", 'export * as b from "../config/b.ts";', "upwards"],
    ["a require", "lib/a.ts", 'const x = require("../config/b.ts");', "upwards"],
    ["a command in the wiring", "gateway.ts", 'import { x } from "./cli/b.ts";', "upwards"],
    ["a way out of src/", "lib/a.ts", 'import x from "../../package.json";', "leaves src/"],
    ["a file that is in no room", "utils/a.ts", "export const x = 1;", "no room"],
    ["an import from no room", "main.ts", 'import { x } from "./utils.ts";', "no room"],
    ["express in a lower room", "session/a.ts", 'import express from "express";', "express"],
    ["a type of express in a lower room", "access/a.ts", 'import type { Request } from "express";', "express"],
    ["the SDK downstream", "downstream/a.ts", 'import { x } from "@modelcontextprotocol/sdk/client/index.js";', "sdk"],
    ["the SDK in protocol/ itself", "protocol/a.ts", 'import { x } from "@modelcontextprotocol/sdk";', "sdk"],
    ["the SDK in a room that sounds right", "protocol/eras-x/a.ts", 'import "@modelcontextprotocol/sdk";', "sdk"],
    ["a child process downstream", "downstream/a.ts", 'import { spawn } from "node:child_process";', "child_process"],
    [
      "a child process without its prefix",
      "downstream/a.ts",
      'import { spawn } from "child_process";',
      "child_process",
    ],
    ["passport outside access/auth", "access/a.ts", 'import { x } from "passport-http";', "passport-http"],
    ["zod where no config is declared", "lib/a.ts", 'import { z } from "zod/v4";', "zod"],
    ["a package nobody listed", "session/a.ts", 'import x from "left-pad";', "left-pad"],
    ["a package through a subpath import", "session/a.ts", 'import x from "#left-pad";', "#left-pad"],
    ["process.env in a room", "upstream/a.ts", "const x = process.env.HOME;", "process.env"],
    ["process.env in brackets", "upstream/a.ts", 'const x = process["env"];', "process.env"],
    ["process.env with a question mark", "upstream/a.ts", "const x = process?.env;", "process.env"],
    ["process.env by globalThis", "upstream/a.ts", "const x = globalThis.process.env;", "process.env"],
    ["process.env taken apart", "upstream/a.ts", "const { pid, env } = process;", "process.env"],
    ["process.env by its module", "upstream/a.ts", 'import { env } from "node:process";', "node:process"],
    ["process.exit in a command", "cli/a.ts", "process.exit(1);", "process.exit"],
  ])("%s", (_what, file, text, fault) => {
    const planted = new Map([...neighbours, [file, text]]);
    expect(faultsIn(planted)).toEqual([expect.stringContaining(fault)]);
    expect(faultsIn(planted)[0]).toMatch(new RegExp(String.raw`^src/${file}:\d+ `));
  });
});

describe("an innocent file is left alone:", () => {
  it.each([
    ["its own room", "access/auth/a.ts", 'import { x } from "../b.ts"; export * from "./c.ts";'],
    ["lower floors", "cli/a.ts", 'import "../config/b.ts"; import "../gateway.ts"; import "../lib/b.ts";'],
    ["packages by their doors", "protocol/eras/a.ts", 'import "@modelcontextprotocol/sdk/types.js"; import "zod/v4";'],
    [
      "passport at its door",
      "access/auth/a.ts",
      'import "passport-http"; import "passport-http-bearer"; import "jose";',
    ],
    ["builtin modules", "lib/a.ts", 'import { once } from "node:events"; import { x } from "fs/promises";'],
    ["process where it is allowed", "cli/a.ts", "f(process.env, process.argv, process.exitCode);"],
    ["process.exit where it is allowed", "main.ts", "process.exit(await main());"],
    ["a line comment", "lib/a.ts", '// import { x } from "../config/b.ts"; process.exit(1)'],
    ["a block comment", "lib/a.ts", '/*\nimport "../config/b.ts";\n/* process.env */ f();'],
    ["JSDoc", "lib/a.ts", '/**\n * @example import { x } from "../config/b.ts";\n */'],
    ["a string", "lib/a.ts", `const x = 'import "../config/b.ts"'; const y = "process.env \\" process.exit()";`],
    ["a template", "lib/a.ts", 'const x = `import "../config/b.ts"; ${y} process.env ${`${z} process.exit`} "`;'],
    ["a regular expression", "lib/a.ts", 'const x = /import "..\\/config\\/b.ts" [/"`] process.env/g;'],
    ["import.meta", "lib/a.ts", 'const x = import.meta.dirname; const from = "../config/b.ts";'],
    ["a property called import", "lib/a.ts", 'f({ import: x }).import("../config/b.ts");'],
    ["a key called env", "upstream/a.ts", "const { env } = entry; f({ env }, child.process.pid, myprocess.env);"],
    ["an export list before a string", "lib/a.ts", 'const x = 1; export { x };\nf("from", "../config/b.ts");'],
    ["exported declarations", "lib/a.ts", 'export const from = "../config/b.ts"; export type X = { from: "a" };'],
  ])("%s", (_what, file, text) => {
    expect(faultsIn(new Map([...neighbours, [file, text]]))).toEqual([]);
  });
});

// A file to import in every room of the generated trees.
const neighbours: ReadonlyMap<string, string> = new Map(
  floors.flat().map((room) => [room.endsWith(".ts") ? room : `${room}/b.ts`, ""] as const),
);

type Source = ReadonlyMap<string, string>;

function faultsIn(files: Source): string[] {
  return [...files].flatMap(([file, text]) => {
    const tokens = tokensOf(text);
    if (floorOf(file) === -1) return [`src/${file}:1 is in no room`];
    const ofImports = importsOf(tokens).flatMap(({ specifier, line }) => {
      const fault = specifier === undefined ? "imports something unreadable" : faultOf(file, specifier);
      return fault === undefined ? [] : [`src/${file}:${line} ${fault}`];
    });
    return [...ofImports, ...faultsOfGlobals(file, tokens)];
  });
}

function faultOf(file: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? faultOfFloor(file, specifier) : faultOfDoor(file, specifier);
}

function faultOfFloor(file: string, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(file), specifier);
  if (target.startsWith("..")) return `leaves src/ for ${specifier}`;
  if (floorOf(target) === -1) return `imports ${target}, which is in no room`;
  if (roomOf(file) === roomOf(target) || floorOf(target) < floorOf(file)) return undefined;
  return `looks ${floorOf(target) === floorOf(file) ? "sideways" : "upwards"} to ${target}`;
}

function faultOfDoor(file: string, specifier: string): string | undefined {
  const name = isBuiltin(specifier) ? `node:${specifier.replace(/^node:/, "")}` : packageOf(specifier);
  const [, rooms] = [...doors].find(([door]) => fits(name, door)) ?? [];
  if (rooms === undefined) return isBuiltin(specifier) ? undefined : `imports ${name}, for which there is no door`;
  return isInside(file, rooms) ? undefined : `imports ${name}, whose door is ${listed(rooms)}`;
}

function faultsOfGlobals(file: string, tokens: readonly Token[]): string[] {
  return tokens.flatMap((token, at) =>
    globalsUsedAt(tokens, at)
      .filter((name) => !isInside(file, globals.get(name) ?? [file]))
      .map((name) => `src/${file}:${token.line} uses ${name}, whose door is ${listed(globals.get(name) ?? [])}`),
  );
}

// `process.env`, `process?.env`, `process["env"]`; or `{ env } = process`, told by the names in the braces before it.
function globalsUsedAt(tokens: readonly Token[], at: number): string[] {
  const isOwn = isMark(tokens[at - 1], ".") && tokens[at - 2]?.text !== "globalThis";
  if (tokens[at]?.kind !== "word" || tokens[at].text !== "process" || isOwn) return [];
  const [next, name] = tokens.slice(at + 1, at + 4).filter((token) => !isMark(token, "?"));
  if (isMark(next, ".[")) return [`process.${name?.text}`];
  if (!isMark(tokens[at - 1], "=") || !isMark(tokens[at - 2], "}")) return [];
  const open = tokens.findLastIndex((token, here) => here < at && isMark(token, "{"));
  return tokens.slice(open, at).map(({ text }) => `process.${text}`);
}

const roomOf = (file: string): string => file.split("/")[0] ?? file;

const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(file)));

const isInside = (file: string, rooms: readonly string[]): boolean =>
  rooms.some((room) => file === room || file === `${room}.ts` || file.startsWith(`${room}/`));

const packageOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

const fits = (name: string, door: string): boolean =>
  door.endsWith("*") ? name.startsWith(door.slice(0, -1)) : name === door;

const listed = (rooms: readonly string[]): string => (rooms.length === 0 ? "shut" : rooms.join(", "));

function readSource(root: string): Source {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return new Map(files.map((file) => [file.replaceAll("\\", "/"), readFileSync(join(root, file), "utf8")]));
}
