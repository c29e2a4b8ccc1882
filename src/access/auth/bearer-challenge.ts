import { bearerChallenge } from "../../protocol/challenges.ts";
import type { Credentials } from "../../protocol/principal.ts";

const CHALLENGE = bearerChallenge();
const INVALID_TOKEN = bearerChallenge({ error: "invalid_token", description: "The access token is not valid" });
const TOKEN_SENT = /^Bearer +[^ ]/i;

/** RFC 6750 §3.1: `invalid_token` is only sent when the request carried a token; a request without credentials gets no error code. */
export const bearerChallengeFor = (credentials: Credentials): string =>
  hasBearerToken(credentials) ? INVALID_TOKEN : CHALLENGE;

export const hasBearerToken = ({ authorization }: Credentials): boolean =>
  authorization !== undefined && TOKEN_SENT.test(authorization);
