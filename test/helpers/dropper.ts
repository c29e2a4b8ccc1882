import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Dropper extends AsyncDisposable {
  readonly port: number;
  /** How many connections were dropped. */
  readonly dropped: number;
}

/** Nearly every request then needs a connection of its own, so that many are dropped. */
const LIFE_MS = 400;

/** When a connection is reset: in turn. */
const MOMENTS = ["at once", "before the request is passed on", "before the answer", "in the answer"] as const;
type Moment = (typeof MOMENTS)[number];

export interface DropperOptions {
  readonly port: number;
  /** One connection of so many is reset. */
  readonly nth: number;
  /** The others are closed after this time. */
  readonly lifeMs?: number;
}

/** A TCP proxy to a port of loopback that resets every `nth` connection and closes the others soon. */
export async function dropper({ port, nth, lifeMs = LIFE_MS }: DropperOptions): Promise<Dropper> {
  let count = 0;
  let dropped = 0;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket.on("error", () => undefined).on("close", () => sockets.delete(socket)));
  };
  const server = createServer((near) => {
    keep(near);
    const moment = ++count % nth === 0 ? MOMENTS[dropped++ % MOMENTS.length] : undefined;
    if (moment === "at once") return void near.resetAndDestroy();
    const far = connect(port, "127.0.0.1");
    keep(far);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    if (moment === undefined) {
      near.pipe(far).pipe(near);
      setTimeout(() => near.destroySoon(), lifeMs).unref();
    } else resetAt(moment, near, far);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    get dropped() {
      return dropped;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function resetAt(moment: Moment, near: Socket, far: Socket): void {
  if (moment === "before the request is passed on") return void near.once("data", () => near.resetAndDestroy());
  near.pipe(far);
  far.once("data", (chunk: Buffer) => {
    if (moment === "before the answer") return void near.resetAndDestroy();
    near.write(chunk.subarray(0, chunk.length / 2), () => near.resetAndDestroy());
  });
}
