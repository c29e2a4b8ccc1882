import type { IncomingMessage } from "node:http";
import { GatewayError } from "../protocol/errors.ts";
import { anonymous, type Principal } from "../protocol/principal.ts";
import { credentialsOf } from "./credentials.ts";
import type { DocumentContext } from "./openapi/context.ts";

/**
 * Who reads a document or the docs page. If these are public, a reader who is not authenticated is anonymous, for whom a policy
 * may have rules; who is authenticated sees what it may use.
 */
export async function readerOf(
  request: IncomingMessage,
  context: Pick<DocumentContext, "documentsArePublic" | "gate" | "visibility" | "trustedProxies">,
): Promise<Principal> {
  const { documentsArePublic, gate, visibility } = context;
  if (!documentsArePublic) return gate.admit(credentialsOf(request, context));
  if (visibility.isUniform) return anonymous;
  try {
    return await gate.admit(credentialsOf(request, context));
  } catch (error) {
    if (error instanceof GatewayError) return anonymous;
    throw error;
  }
}
