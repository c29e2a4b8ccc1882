import { aiSdk } from "./ai-sdk.ts";
import type { ClientKind, ShortRuns } from "./client.ts";
import { inspector } from "./inspector.ts";
import { langchain } from "./langchain.ts";
import { mcpRemote } from "./mcp-remote.ts";
import { mcporter } from "./mcporter.ts";
import { openaiAgents } from "./openai-agents.ts";
import { sdkV1 } from "./sdk-v1.ts";
import { sdkV2 } from "./sdk-v2.ts";

export const CLIENTS: readonly ClientKind[] = [sdkV1, sdkV2, mcpRemote, aiSdk, openaiAgents, langchain, mcporter];
export const PROGRAMS: readonly ShortRuns[] = [inspector];
