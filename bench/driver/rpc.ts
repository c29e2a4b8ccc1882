import type { Call } from "./session.ts";

/** Ids have seven digits, so that all requests of a kind have the same length. */
export const FIRST_ID = 1_000_000;

const CLIENT = '"capabilities":{},"clientInfo":{"name":"bench","version":"1.0.0"}';

export const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

export function hello(id: number): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"initialize","params":{"protocolVersion":"2025-11-25",${CLIENT}}}`;
}

/** The parts of a tools/call request between the three places where its id is inserted. `more`: members of params, each with its comma. */
export function callPieces({ tool, before, padding }: Call, more = ""): readonly [string, string, string] {
  return [
    '{"jsonrpc":"2.0","id":',
    `,"method":"tools/call","params":{"name":"${tool}",${more}"arguments":{${before}"message":"`,
    `${padding}"}}}`,
  ];
}

/** The id of a response, its first or last member; undefined for a notification. */
export function answeredId(json: string): number | undefined {
  if (json.startsWith('{"jsonrpc":"2.0","id":')) return Number.parseInt(json.slice(22, 32), 10);
  if (json.startsWith('{"jsonrpc":"2.0","method":')) return undefined;
  const id = /"id":(\d+)/.exec(json)?.[1];
  return id === undefined ? undefined : Number(id);
}
