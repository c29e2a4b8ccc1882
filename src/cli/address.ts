import { InvalidArgumentError, Option, type Command } from "commander";

export interface Address {
  readonly hostname: string;
  readonly port: number;
}

export interface AddressFlags {
  readonly port?: number;
  readonly host?: string;
  /** The name of the option in the config. */
  readonly hostname?: string;
}

const HIGHEST_PORT = 65_535;

export function addAddressOptions(command: Command): Command {
  return command
    .option("--port <number>", "the gateway's port, overriding the config; 0 picks a free one", portOf)
    .option("--host <address>", "the gateway's address, overriding the config", hostOf)
    .addOption(new Option("--hostname <address>").argParser(hostOf).hideHelp());
}

/** The config with the address from the command line, if given. */
export function atAddress<T extends Address>(config: T, { port, host, hostname }: AddressFlags): T {
  return Object.freeze({ ...config, port: port ?? config.port, hostname: host ?? hostname ?? config.hostname });
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > HIGHEST_PORT)
    throw new InvalidArgumentError(`A port is a whole number from 0 to ${HIGHEST_PORT}.`);
  return port;
}

function hostOf(text: string): string {
  if (text === "") throw new InvalidArgumentError("An address is needed, such as 127.0.0.1 or 0.0.0.0.");
  return text;
}
