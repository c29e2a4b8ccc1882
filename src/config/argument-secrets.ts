import { isHarmless } from "./harmless.ts";
import { isSecretName } from "./secret-names.ts";

const OPTION = /^-{1,2}([A-Za-z][\w.-]*)$/;
const ASSIGNMENT = /^(-{0,2})([A-Za-z_][\w.-]*)=(.*)$/s;
const ATTACHED_HEADER = /^-H\s*(\S.*)$/s;
const HEADER = /^\s*([A-Za-z][\w-]*)\s*:\s*(.*)$/s;
const WORDS = /"([^"]*)"|'([^']*)'|[^\s"']+/g;
const QUERY = /[?&]([\w.-]+)=([^&#\s"']+)/g;
const HEADER_OPTION = /^(?:H|headers?)$/;
const ENV_OPTION = /^(?:e|env)$/;
const USER_OPTION = /^(?:u|user)$/;

/** The secrets in the arguments of a command: `--token x`, `--token=x`, `-H "Authorization: x"`, `-e API_KEY=x`, `?key=x`. */
export function argumentSecrets(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    const option = OPTION.exec(args[index - 1] ?? "")?.[1];
    const own = [...assigned(arg), ...attachedHeader(arg), ...inQuery(arg)];
    if (option !== undefined) own.push(...valueOf(option, arg));
    // A whole command line in one argument, as for `sh -c`.
    return /\s/.test(arg) ? [...own, ...argumentSecrets(wordsOf(arg))] : own;
  });
}

/** The secrets in the value of a named variable or header. */
export function namedSecrets(name: string, value: string): string[] {
  const credentials = credentialIn(value);
  return credentials.length === 0 && !isSecretName(name) && isHarmless(value) ? [] : [value, ...credentials];
}

function valueOf(option: string, value: string): string[] {
  if (HEADER_OPTION.test(option)) return headerSecrets(value);
  if (ENV_OPTION.test(option)) return variableSecrets(value);
  if (USER_OPTION.test(option)) return value.includes(":") ? namedSecrets(option, afterColon(value)) : [];
  // In `--auth --verbose` the value is the next option.
  return isSecretName(option) && !/^--|^-[A-Za-z]$/.test(value) ? [value, ...credentialIn(value)] : [];
}

function assigned(arg: string): string[] {
  const [, dashes = "", name = "", value = ""] = ASSIGNMENT.exec(arg) ?? [];
  if (value === "") return [];
  if (dashes !== "" && (HEADER_OPTION.test(name) || ENV_OPTION.test(name))) return valueOf(name, value);
  return isSecretName(name) ? [value, ...credentialIn(value)] : [];
}

function attachedHeader(arg: string): string[] {
  const [, header] = ATTACHED_HEADER.exec(arg) ?? [];
  return header === undefined ? [] : headerSecrets(header);
}

function headerSecrets(header: string): string[] {
  const [, name, value = ""] = HEADER.exec(header) ?? [];
  return name === undefined ? [] : namedSecrets(name, value);
}

function variableSecrets(assignment: string): string[] {
  const [, , name, value = ""] = ASSIGNMENT.exec(assignment) ?? [];
  return name === undefined ? [] : namedSecrets(name, value);
}

/** In `Bearer x`, the `x` is a secret too. */
function credentialIn(value: string): string[] {
  const [, credential] = /^\s*(?:bearer|basic|token|api-?key)\s+(\S+)\s*$/i.exec(value) ?? [];
  return credential === undefined ? [] : [credential];
}

const inQuery = (arg: string): string[] =>
  [...arg.matchAll(QUERY)].flatMap(([, name = "", value = ""]) => (isSecretName(name) ? [value] : []));

const afterColon = (value: string): string => value.slice(value.indexOf(":") + 1);

const wordsOf = (line: string): string[] =>
  [...line.matchAll(WORDS)].map(([word, double, single]) => double ?? single ?? word);
