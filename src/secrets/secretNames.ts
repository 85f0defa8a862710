/** Keys that their prefix makes a secret, unlike a bare `KEY` or a public key. */
const KEYS =
  '(?:api|app|access|private|auth|encrypt(?:ion)?|signing|secret|account|master|shared|storage|session)_?key|access_?key_?id';
/** One word with `pass`, but not `compass` or `bypass`. */
const PASSES =
  '(?:db|pg|ssh|sudo|root|user|admin|login|mysql|redis|ldap|smtp|mail|ftp|vnc|http|proxy|key|store|require)pass';
/** Such as `PGPASSWORD`, `CLIENTSECRET` and `authtoken`. */
const JOINED = '[a-z0-9]*(?:password|passwd|passphrase|secret)|(?:auth|access|api|bearer|refresh|session|bot)token';
const AUTHS = '(?:redis_?cli|basic|npm|docker)_auth(?:_config)?|masterauth';

const NAME = new RegExp(
  `(?:^|_)(?:pass|pwd|secrets|token|credentials?|connection_?string|${JOINED}|${PASSES}|${KEYS}|${AUTHS})(?:$|_)|._pat$|^_auth$`,
);
/** Names that say something about a secret, such as the path in `SECRET_NAME_FILE`. */
const NOT_SECRET =
  /_(?:files?|path|dir|url|uri|host|port|sha\d+|ttl|expiry|length|type|name|arn|version|policy|enabled|required|timeout|header|endpoint)$|^(?:no|disabled?|allow|require|use|enable|without)_|^no_?pass/;

/**
 * Reports whether a variable, label, option or key of this name holds a secret: `DB_PASSWORD`,
 * `com.example.db-password`.
 */
export function isSecretName(name: string): boolean {
  // The shell's working directories.
  if (name === 'PWD' || name === 'OLDPWD') return false;
  const words = wordsOf(name);
  return NAME.test(words) && !NOT_SECRET.test(words);
}

/** Returns a name in snake case, whether signs or capitals separated its words. */
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

/** Nothing, a switch, a path, or a placeholder that is replaced at run time. */
const HARMLESS =
  /^(?:\$[({]?[\w:-]+[)}]?|\$\{\{[^}]*\}\}|\{\{[^}]*\}\}|<[^>]*>|\*+|true|false|yes|no|on|off|none|null|undefined|0|1|\/(?:var\/)?run\/secrets\/.*|\/dev\/.*|\$\(.*)?$/i;

/** Reports whether a value, with or without quotes, can't be a secret whatever its name. */
export function isHarmlessValue(value: string): boolean {
  return HARMLESS.test(value.replace(/^\\*["']|\\*["']$/g, ''));
}
