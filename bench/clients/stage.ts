import { setTimeout as sleep } from "node:timers/promises";
import { startGateway, type GatewayProcess } from "../../test/helpers/gateway.ts";
import { freePort } from "../../test/helpers/gateway-with-stderr.ts";
import { until } from "../../test/helpers/until.ts";
import type { Connection } from "./client.ts";
import type { Restart } from "./scenario.ts";

/** Sessions are written to their file behind the back of who opens them: soon, later on a busy machine. */
const WRITTEN_MS = 1_000;

/** A gateway, and those that follow it on the same port and with the same state. */
export class Stage implements AsyncDisposable {
  readonly #gateways: GatewayProcess[];

  constructor(gateway: GatewayProcess) {
    this.#gateways = [gateway];
  }

  static async open(config: Readonly<Record<string, unknown>>): Promise<Stage> {
    return new Stage(await startGateway({ port: await freePort(), ...config }));
  }

  get gateway(): GatewayProcess {
    const gateway = this.#gateways.at(-1);
    if (gateway === undefined) throw new Error("the stage is closed");
    return gateway;
  }

  /** `connection`: of the client that sees what happens meanwhile. */
  async restart({ signal, meanwhile }: Restart, connection?: Connection): Promise<void> {
    const { gateway } = this;
    if (signal === "SIGKILL") await sleep(WRITTEN_MS);
    await gateway.stop(signal);
    await gateway.nothingLeft();
    if (connection !== undefined) await meanwhile?.(connection);
    this.#gateways.push(await gateway.again());
  }

  /** Ends every process of a server, and waits until the gateway knows. */
  async endProcesses(server: string, signal: NodeJS.Signals): Promise<void> {
    const { gateway } = this;
    const ends = (): number => gateway.log().split(`"${server}" ended (signal`).length - 1;
    const before = ends();
    const pids = gateway.children(server);
    if (pids.length === 0) throw new Error(`no process of ${server} is there to be ended`);
    for (const pid of pids) process.kill(pid, signal);
    await until(() => ends() >= before + pids.length, { deadlineMs: 10_000, what: "the gateway has noticed" });
  }

  async noProcess(server: string, deadlineMs: number): Promise<void> {
    await until(() => this.gateway.children(server).length === 0, { deadlineMs, what: "no process is left" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The first one's folder is that of its successors.
    for (const gateway of this.#gateways.splice(0).toReversed()) await gateway[Symbol.asyncDispose]();
  }
}
