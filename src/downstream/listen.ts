import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Resolves with the address once the socket listens; rejects when it cannot be bound. */
export async function listen(server: Server, port: number, hostname: string): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = addressOf(server);
  if (address === undefined) throw new Error("the socket has no address");
  return address;
}

export function addressOf(server: Server | undefined): AddressInfo | undefined {
  const address = server?.address();
  return address === null || typeof address === "string" ? undefined : address;
}
