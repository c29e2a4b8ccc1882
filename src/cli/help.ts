import type { Command } from "commander";

const EXAMPLES = `
Examples:
  mcp-gateway run -- npx -y @modelcontextprotocol/server-everything
      one server, without a config file
  mcp-gateway -c config.yaml --host 0.0.0.0 --port 8080
      the servers of a config file, at another address
  mcp-gateway -c config.yaml --schemaDump --schemaFormat json > openapi.json
      the OpenAPI document of its tools

The web page of a running gateway: http://localhost:3000/docs
`;

/** Adds examples, and the options of `run`, which is the default command. */
export function addHelp(program: Command, run: Command): void {
  program.usage("[command] [options] [-- <command of a server>]");
  program.addHelpText("after", () => `\n${optionsOf(run)}\n${EXAMPLES}`);
  run.usage("[options] [-- <command of a server>]");
  run.addHelpText("after", EXAMPLES);
}

function optionsOf(run: Command): string {
  const help = run.createHelp();
  const width = help.longestOptionTermLength(run, help);
  const lines = help
    .visibleOptions(run)
    .filter(({ long }) => long !== "--help")
    .map((option) => `  ${help.optionTerm(option).padEnd(width)}  ${help.optionDescription(option)}`);
  return ["Options of run, the default command:", ...lines].join("\n");
}
