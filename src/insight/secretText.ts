import { TOKEN_FORMS } from '../browse/secretForms.ts';

/** Finds what looks like a secret in the texts of an image, so that it can be left out of what is shown. A guess: it may miss some and suspect others. */

/** Names whose values are secrets. `SECRET_NAME_FILE`, the way to hand over a path instead, is none. */
const NAME =
  /(?:^|[_.-])(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|api_?key|access_?key(?:_?id)?|private_?key|auth_?key|encryption_?key|signing_?key|connection_?string)(?:$|[_.-])/i;
const NAME_OF_NO_SECRET = /(?:_file|_path|_dir|_url|_uri|_host|_port|_sha\d+|_ttl|_expiry|_length|_type)$/i;

const TOKENS = [
  ...TOKEN_FORMS.map(([, pattern]) => pattern),
  /\beyJ[0-9A-Za-z_-]{10,4000}\.eyJ[0-9A-Za-z_-]{10,4000}\.[0-9A-Za-z_-]{10,4000}/g,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:(?!-----END)[^]){0,20000}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
];

/** `NAME=value` and `name: value`, as commands and environments are written; the value with its quotes. */
const ASSIGNMENT = /([A-Za-z_][\w.-]{0,100})(=|:\s)("(?:[^"\\]|\\.){0,4000}"|'[^']{0,4000}'|[^\s"';&|]{1,4000})/g;
/** `--name value`. */
const OPTION = /(--[A-Za-z][\w-]{0,100})(\s{1,9})("[^"]{1,4000}"|'[^']{1,4000}'|[^\s"';&|-][^\s;&|]{0,4000})/g;
const LOGIN = /\b([a-z][a-z+.-]{1,20}:\/\/[^\s:/@]{0,100}):([^\s:/@]{1,200})@/gi;

/** What stands where a secret stood. */
export const HIDDEN = '••••••';

/** Values that tell nothing: empty, or put in when the command runs. */
const HARMLESS = /^["']?(?:\$[({]?\w+[)}]?|<[^>]*>|true|false|none|null|0|1|)["']?$/i;

/** True for the name of a variable that holds a secret, such as `DB_PASSWORD`. */
export function isSecretName(name: string): boolean {
  return NAME.test(name) && !NAME_OF_NO_SECRET.test(name);
}

/** A text without what looks like a secret, and how many such there were. */
export interface Redacted {
  readonly text: string;
  readonly hidden: number;
}

/** Takes out of a text the values of secret names, passwords in addresses, and tokens of well-known forms. */
export function hideSecrets(text: string): Redacted {
  let hidden = 0;
  const hide = (): string => {
    hidden += 1;
    return HIDDEN;
  };
  let shown = text.replace(LOGIN, (_all, address: string) => `${address}:${hide()}@`);
  for (const token of TOKENS) shown = shown.replace(token, hide);
  const hideValue = (all: string, name: string, sign: string, value: string): string => {
    if (value.includes(HIDDEN) || HARMLESS.test(value) || !isSecretName(name)) return all;
    return name + sign + hide();
  };
  shown = shown.replace(ASSIGNMENT, hideValue).replace(OPTION, hideValue);
  return { text: shown, hidden };
}

/** The same for a variable of the environment, `NAME=value`, whose value may hold spaces. */
export function hideSecretOf(variable: string): Redacted {
  const at = variable.indexOf('=');
  const name = variable.slice(0, Math.max(0, at));
  const value = variable.slice(at + 1);
  if (at > 0 && isSecretName(name) && !HARMLESS.test(value)) return { text: `${name}=${HIDDEN}`, hidden: 1 };
  return hideSecrets(variable);
}
