import { TOKEN_FORMS } from './secretForms.ts';
import { isHarmlessValue, isSecretName } from './secretNames.ts';

const TOKENS = [
  ...TOKEN_FORMS.map(([, pattern]) => pattern),
  /\beyJ[0-9A-Za-z_-]{10,4000}\.eyJ[0-9A-Za-z_-]{10,4000}\.[0-9A-Za-z_-]{10,4000}/g,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:(?!-----END)[^]){0,20000}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
];

/** Every secret's name contains one of these. */
const LIKELY = '(?:pass|pwd|secret|token|key|cred|auth|connection|pat)';
const NAME = String.raw`((?=[\w.-]{0,100}?${LIKELY})[A-Za-z_][\w.-]{0,100})`;
const QUOTED = String.raw`"(?:[^"\\]|\\.){0,4000}"|'[^']{0,4000}'`;

/** Groups: what precedes, the name, what separates it from the value, the value with its quotes. */
const NAMED_VALUES: readonly RegExp[] = [
  // `ENV NAME value`, the old form of Dockerfiles.
  /^(\s{0,9}(?:ONBUILD\s{1,9})?(?:ENV|LABEL)\s{1,9})([A-Za-z_][\w.-]{0,100})([ \t]{1,9})([^\s=][^\n]{0,4000})$/gm,
  // `NAME=value` and `name: value`.
  new RegExp(String.raw`()${NAME}(=|:\s)(${QUOTED}|[^\s"';&|]{1,4000})`, 'gi'),
  // `"name": "value"`, also within a quoted string.
  new RegExp(String.raw`(\\{0,4}["'])${NAME}(\\{0,4}["']\s{0,9}:\s{0,9}\\{0,4}["'])([^"'\\]{1,4000})`, 'gi'),
  // `--name value` and `-name value`.
  new RegExp(
    String.raw`(?<![\w-])(--?)${NAME}(\s{1,9})("[^"]{1,4000}"|'[^']{1,4000}'|[^\s"';&|-][^\s"';&|]{0,4000})`,
    'gi',
  ),
  // `"--name", "value"`.
  new RegExp(String.raw`("--?)${NAME}("\s{0,9},?\s{0,9}")([^"]{1,4000})`, 'gi'),
];

/** The rest of one command, up to something in it. */
const COMMAND = String.raw`(?:[^|;&"'\n]|\\\n|"[^"]{0,500}"|'[^']{0,500}'){0,300}?`;
const VALUE = String.raw`(?!\d+(?::\d+)?(?!\S))("[^"]{1,400}"|'[^']{1,400}'|[^\s"';&|]{1,400})`;

/** Groups: what precedes, and the value, where commands take secrets without a name. */
const COMMAND_VALUES: readonly RegExp[] = [
  // A URL with a password.
  /\b([a-z][a-z+.-]{1,20}:\/\/[^\s:/@]{0,100}:)([^\s/@]{1,200})(?=@)/gi,
  /\b((?:proxy-)?authorization["']?\s{0,9}[:=]\s{0,9}["']?(?:bearer|basic|token|apikey)\s{1,9})([^\s"'\\;|&]{1,4000})/gi,
  new RegExp(String.raw`\b((?:mysql|mariadb)(?:-?(?:dump|admin|import|show|check))?(?=\s)${COMMAND}\s-p)${VALUE}`, 'g'),
  new RegExp(
    String.raw`\b((?:sshpass|(?:docker|podman|buildah|skopeo|registry|oc|az)\s{1,9}login)(?=\s)${COMMAND}\s-p\s{0,9})${VALUE}`,
    'g',
  ),
  new RegExp(String.raw`\b(redis-cli(?=\s)${COMMAND}\s-a\s{1,9})${VALUE}`, 'g'),
  new RegExp(
    String.raw`\b(curl(?=\s)${COMMAND}\s(?:-[a-zA-Z]{0,9}[uU]|--user|--proxy-user)[\s=]{0,9}["']?[^\s:"'/]{1,200}:)([^\s"';&|]{1,400})`,
    'g',
  ),
  /(\s-pass(?:in|out)?\s{1,9}["']?pass:)([^\s"';&|]{1,400})/g,
  /(\becho\s{1,9}(?:-\w\s{1,9})?["']?[\w.-]{1,100}:)([^\s"'|]{1,400})(?=["']?\s{0,9}\|\s{0,9}(?:sudo\s{1,9})?chpasswd)/g,
];

/** Shorter values can't contain a name with a value of its own. */
const MIN_COMMAND = 6;

/** Replaces a secret. */
export const HIDDEN = '••••••';

/** A string without its likely secrets, and how many there were. */
export interface Redacted {
  readonly text: string;
  readonly hidden: number;
}

/**
 * Hides likely secrets in a string of an image: values with secret names, passwords in commands and
 * URLs, and well-known tokens. A guess: it misses some secrets and hides some other values.
 */
export function hideSecrets(text: string): Redacted {
  let hidden = 0;
  const hide = (): string => {
    hidden += 1;
    return HIDDEN;
  };
  const isOpen = (value: string): boolean => value.includes(HIDDEN) || isHarmlessValue(value);
  let shown = text;
  for (const form of COMMAND_VALUES) {
    shown = shown.replace(form, (all, before: string, value: string) => (isOpen(value) ? all : before + hide()));
  }
  for (const token of TOKENS) shown = shown.replace(token, hide);
  const hideNamed = (all: string, depth: number): string =>
    NAMED_VALUES.reduce(
      (left, form) =>
        left.replace(form, (same, before: string, name: string, sign: string, value: string) => {
          if (!isOpen(value) && isSecretName(name)) return before + name + sign + hide();
          // The value may be a whole command.
          return depth > 0 && value.length > MIN_COMMAND ? before + name + sign + hideNamed(value, depth - 1) : same;
        }),
      all,
    );
  return { text: hideNamed(shown, 2), hidden };
}

/** Hides likely secrets in a variable's or label's value, or all of it by its name. */
export function hideSecretValue(name: string, value: string): Redacted {
  if (isSecretName(name) && !isHarmlessValue(value)) return { text: HIDDEN, hidden: 1 };
  return hideSecrets(value);
}

/** Hides likely secrets in an environment variable, `NAME=value`. */
export function hideSecretOf(variable: string): Redacted {
  const at = variable.indexOf('=');
  if (at <= 0) return hideSecrets(variable);
  const name = variable.slice(0, at);
  const { text, hidden } = hideSecretValue(name, variable.slice(at + 1));
  return { text: `${name}=${text}`, hidden };
}
