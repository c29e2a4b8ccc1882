const LONGEST = 200;
const LONGEST_WORD = 40;
/** A number, a time, a version, an address with a port. */
const NUMBER = /^[-+]?\d{1,12}(?:[.,:/ -]\d{1,12})*\s?[a-z%]{0,3}$/i;
/** One word or a few: `info`, `en_US.UTF-8`, `application/json`. */
const WORDS = /^(?:[a-z]{1,20}\d{0,3}|\d{1,3}[a-z]?)(?:[-_., +/](?:[a-z]{1,20}\d{0,3}|\d{1,3}[a-z]?))*$/i;
const PATH = /^(?:~|\.{1,2})?(?:\/[\w.@+ -]{0,40})+$/;
/** A host or a URL without a path: `http://localhost:3000`. */
const PLACE = /^(?:[a-z][a-z+.-]*:\/\/)?[a-z][a-z.-]*\d{0,3}(?::\d{1,5})?\/?$/i;
/** Words that are settings, whatever the name of their variable. */
const SETTING =
  /^(?:true|false|yes|no|on|off|none|null|undefined|enabled|disabled|auto|default|required|optional|production|development|staging|test|local|localhost|basic|bearer|oauth2?|error|warn|warning|info|debug|verbose|trace)$/i;

/** Too common to be a secret, so that masking it everywhere would only garble the log: a number, one or two words, a path, a host. */
export function isHarmless(value: string): boolean {
  if (value.length > LONGEST) return false;
  if (value.length <= LONGEST_WORD && WORDS.test(value)) return true;
  return NUMBER.test(value) || PLACE.test(value) || value.split(":").every((path) => PATH.test(path));
}

/** Never a secret, even where one is expected: `AUTH=enabled`. */
export function isSetting(value: string): boolean {
  return value.trim() === "" || SETTING.test(value);
}
