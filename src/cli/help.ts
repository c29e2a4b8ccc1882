import type { Command } from "commander";

const EXAMPLES = `
Examples:
  mcp-gateway run -- npx -y @modelcontextprotocol/server-everything
      one server, without a config file
  mcp-gateway -c config.yaml --host 0.0.0.0 --port 8080
      the servers of a config file, at another address than it says
  mcp-gateway -c config.yaml --schemaDump --schemaFormat json > openapi.json
      the OpenAPI document of their tools

The page for people, once it runs: http://localhost:3000/docs
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
