export type ProfileName = "full" | "gpt" | "openwebui";
export type SessionParameter = "required" | "optional" | "absent";

/** What a kind of reader can take. */
export interface Profile {
  /** Whether schemas must be whole where they are used; else definitions become components. */
  readonly isInlined: boolean;
  /** How much is said about answers. */
  readonly responses: "full" | "short" | "minimal";
  readonly summaryChars: number;
  readonly descriptionChars: number;
  /** Of each property, however deep. */
  readonly schemaDescriptionChars: number;
  /** Whether `/sessionid` is an operation of its own. */
  readonly mintsSessions: boolean;
  /** Tools that only run as tasks cannot be called by a reader that knows no tasks. */
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
  /** OpenAI's Actions for custom GPTs: the limits are theirs, see gpt-lint.ts. */
  gpt: {
    isInlined: true,
    responses: "minimal",
    summaryChars: 120,
    descriptionChars: 300,
    schemaDescriptionChars: 700,
    mintsSessions: false,
    knowsTasks: false,
  },
  /** Open WebUI's tool servers: follows one `$ref`, and only in a few places. */
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

/** Open WebUI shows every query parameter to the model, so it gets no session where it can do without. */
export function sessionParameterFor(profile: ProfileName, wanted: SessionParameter): SessionParameter {
  return profile === "openwebui" && wanted === "optional" ? "absent" : wanted;
}
