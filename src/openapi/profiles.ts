export type ProfileName = "full" | "gpt" | "openwebui";
export type SessionParameter = "required" | "optional" | "absent";

/** The capabilities of one kind of client. */
export interface Profile {
  /** Whether schemas are inlined at the place of use; otherwise definitions become components. */
  readonly isInlined: boolean;
  /** How much detail responses are described in. */
  readonly responses: "full" | "short" | "minimal";
  readonly summaryChars: number;
  readonly descriptionChars: number;
  /** For each property, at any depth. */
  readonly schemaDescriptionChars: number;
  /** Whether `/sessionid` is described as an operation. */
  readonly mintsSessions: boolean;
  /** Whether the client can call tools that only run as tasks. */
  readonly knowsTasks: boolean;
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  full: {
    isInlined: false,
    responses: "full",
    summaryChars: 120,
    descriptionChars: Infinity,
    schemaDescriptionChars: Infinity,
    mintsSessions: true,
    knowsTasks: true,
  },
  /** OpenAI's GPT Actions; for the limits see gpt-lint.ts. */
  gpt: {
    isInlined: true,
    responses: "minimal",
    summaryChars: 120,
    descriptionChars: 300,
    schemaDescriptionChars: 700,
    mintsSessions: false,
    knowsTasks: false,
  },
  /** Open WebUI's tool servers, which resolve only one level of `$ref`, and only in a few places. */
  openwebui: {
    isInlined: true,
    responses: "short",
    summaryChars: 120,
    descriptionChars: Infinity,
    schemaDescriptionChars: Infinity,
    mintsSessions: false,
    knowsTasks: true,
  },
};

/** Open WebUI shows every query parameter to the model, so an optional session parameter is omitted. */
export function sessionParameterFor(profile: ProfileName, wanted: SessionParameter): SessionParameter {
  return profile === "openwebui" && wanted === "optional" ? "absent" : wanted;
}
