import { z } from "zod";

/** Cumulative, least verbose first. */
export const LEVELS = ["error", "warn", "info", "debug", "verbose"] as const;

export type Level = (typeof LEVELS)[number];

export const levelSchema = z.enum(LEVELS);

export const loggingSchema = z.strictObject({
  level: levelSchema.optional().describe("How much is logged; info unless this key or debug.level says otherwise."),
  format: z
    .enum(["text", "json"])
    .default("text")
    .describe("text for lines that people read, json for one JSON object per line."),
  redactKeys: z
    .array(z.string().min(1))
    .default([])
    .describe("Additional keys whose values are masked in every log line.")
    .meta({ examples: [["customerId"]] }),
});

/** Keys whose values are always masked. */
export const REDACTED_KEYS: readonly string[] = [
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
  "api-key",
  "apikey",
  "api_key",
  "token",
  "access_token",
  "refresh_token",
  "id_token",
  "client_secret",
  "password",
  "passwd",
  "secret",
];
