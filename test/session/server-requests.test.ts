import { expect, it } from "vitest";
import { ServerRequests } from "../../src/session/server-requests.ts";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

function asked(...ids: readonly number[]): ServerRequests {
  const requests = new ServerRequests();
  for (const id of ids) requests.add(id, 0);
  return requests;
}

it("a request is answered once", () => {
  const requests = asked(1);
  expect([requests.take(1), requests.take(1), requests.take(2)]).toEqual([true, false, false]);
});

it("of more than 256 requests the oldest is forgotten", () => {
  const requests = asked(...numbers(257));
  expect(numbers(257).filter((id) => !requests.take(id))).toEqual([0]);
});

it("an id that is used again counts as the newest", () => {
  const requests = asked(...numbers(255), 0, 255, 256);
  expect(numbers(257).filter((id) => !requests.take(id))).toEqual([1]);
});

it("a reused id does not evict another one", () => {
  const requests = asked(...numbers(256), 5);
  expect(numbers(256).filter((id) => !requests.take(id))).toEqual([]);
});
