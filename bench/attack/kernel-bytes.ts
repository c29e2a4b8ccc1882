import { createServer, connect, type AddressInfo } from "node:net";

const FILL_MS = 500;

let measured = 3_000_000;

/** How many bytes the kernel buffers for a loopback connection that is not read. */
export function kernelBytes(): number {
  return measured;
}

export async function measureKernelBytes(): Promise<void> {
  const piece = Buffer.alloc(16_384);
  const server = createServer().listen(0, "127.0.0.1");
  const accepted = new Promise<number>((resolve) => {
    server.once("connection", (socket) => {
      socket.on("error", () => undefined);
      let written = 0;
      let isDone = false;
      const more = (): void => {
        written += piece.length;
        if (!isDone) socket.write(piece, more);
      };
      more();
      setTimeout(() => {
        isDone = true;
        socket.destroy();
        resolve(written);
      }, FILL_MS);
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const reader = connect(port, "127.0.0.1").pause();
  reader.on("error", () => undefined);
  measured = await accepted;
  reader.destroy();
  server.close();
}
