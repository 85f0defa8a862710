/** Keys that are secrets by what stands before them; a bare `KEY`, and a public key, is none. */
const KEYS =
  '(?:api|app|access|private|auth|encrypt(?:ion)?|signing|secret|account|master|shared|storage|session)_?key|access_?key_?id';
/** Written as one word with `pass`, and so not `compass` and `bypass`. */
const PASSES =
  '(?:db|pg|ssh|sudo|root|user|admin|login|mysql|redis|ldap|smtp|mail|ftp|vnc|http|proxy|key|store|require)pass';
/** Such as `PGPASSWORD`, `CLIENTSECRET` and `authtoken`. */
const JOINED = '[a-z0-9]*(?:password|passwd|passphrase|secret)|(?:auth|access|api|bearer|refresh|session|bot)token';
const AUTHS = '(?:redis_?cli|basic|npm|docker)_auth(?:_config)?|masterauth';

const NAME = new RegExp(
  `(?:^|_)(?:pass|pwd|secrets|token|credentials?|connection_?string|${JOINED}|${PASSES}|${KEYS}|${AUTHS})(?:$|_)|._pat$|^_auth$`,
);
/** `SECRET_NAME_FILE` is the way to hand over a path instead, and others tell only about a secret. */
const NAME_OF_NO_SECRET =
  /_(?:files?|path|dir|url|uri|host|port|sha\d+|ttl|expiry|length|type|name|arn|version|policy|enabled|required|timeout|header|endpoint)$|^(?:no|disabled?|allow|require|use|enable|without)_|^no_?pass/;

/** True for the name of a variable, label, option or key that holds a secret, such as `DB_PASSWORD`, `dbPassword` and `com.example.db-password`. */
export function isSecretName(name: string): boolean {
  // The shell's own, for the folder it is in.
  if (name === 'PWD' || name === 'OLDPWD') return false;
  const words = wordsOf(name);
  return NAME.test(words) && !NAME_OF_NO_SECRET.test(words);
}

/** In small letters, with one `_` between the words, whether they were set apart by signs or by capitals. */
function wordsOf(name: string): string {
  return name
    .slice(0, 300)
    .replace(/^-+/, '')
    .replace(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, (_all, before?: string, after?: string, last?: string) =>
      last === undefined ? `${before}_${after}` : `${last}_`,
    )
    .replaceAll(/[.\-/]/g, '_')
    .toLowerCase();
}

/** Nothing, a switch, a path, or what is put in when the command runs. */
const HARMLESS =
  /^(?:\$[({]?[\w:-]+[)}]?|\$\{\{[^}]*\}\}|\{\{[^}]*\}\}|<[^>]*>|\*+|true|false|yes|no|on|off|none|null|undefined|0|1|\/(?:var\/)?run\/secrets\/.*|\/dev\/.*|\$\(.*)?$/i;

/** True for a value, with or without quotes, that tells no secret whatever its name is. */
export function isHarmlessValue(value: string): boolean {
  return HARMLESS.test(value.replace(/^\\*["']|\\*["']$/g, ''));
}
