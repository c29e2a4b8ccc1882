/** A server of an older revision gives its questions no names, so that the names are the gateway's. */
const NAMELESS = "the scenario wants the question to be called user_name";

/** The scenarios that fail, by run, each with the reason. One that passes is no exception: the run fails until it is removed. */
export const EXCEPTIONS = {
  "2026-07-28 over v1": {
    "input-required-result-basic-elicitation": NAMELESS,
    "input-required-result-ignore-extra-params": NAMELESS,
  },
};
