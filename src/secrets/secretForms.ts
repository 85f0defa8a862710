/** A form that a secret has, and what it then is. Patterns are global. */
export type SecretForm = readonly [what: string, pattern: RegExp];

/** Forms that tokens of well-known services have, and nothing else has. */
export const TOKEN_FORMS: readonly SecretForm[] = [
  ['an AWS access key', /\b(?:AKIA|ASIA)(?![0-9A-Z]*EXAMPLE)[0-9A-Z]{16}\b/g],
  ['a GitHub token', /\bgh[pousr]_[0-9A-Za-z]{36,255}\b/g],
  ['a GitHub token', /\bgithub_pat_[0-9A-Za-z_]{50,255}\b/g],
  ['a GitLab token', /\bglpat-[0-9A-Za-z_-]{20,64}/g],
  ['a Slack token', /\bxox[abeoprs]-[0-9A-Za-z-]{10,250}/g],
  ['a Stripe key', /\bsk_live_[0-9A-Za-z]{16,250}\b/g],
  ['an npm token', /\bnpm_[0-9A-Za-z]{36}\b/g],
  ['a Docker Hub token', /\bdckr_pat_[0-9A-Za-z_-]{20,64}/g],
  ['a Google API key', /\bAIza[0-9A-Za-z_-]{35}/g],
];

/** Behind its first line a key has some header lines, and then at least one line of its own; in JSON, line ends are written as `\n`. */
const KEY_BODY = String.raw`(?:(?:\r?\n|\\n)[A-Za-z0-9-]{1,40}: [^\n]{0,200}){0,6}(?:\r?\n|\\n){1,2}[A-Za-z0-9+/=]{40}`;

/** Forms that are looked for in every file. A key is one only with its body: code that reads keys names their first lines, too. */
export const FILE_FORMS: readonly SecretForm[] = [
  ['an encrypted private key', new RegExp(`-----BEGIN ENCRYPTED PRIVATE KEY-----${KEY_BODY}`, 'g')],
  ['a private key', new RegExp(`-----BEGIN (?:RSA |DSA |EC |OPENSSH )?PRIVATE KEY-----${KEY_BODY}`, 'g')],
  ['a private key of PGP', new RegExp(`-----BEGIN PGP PRIVATE KEY BLOCK-----${KEY_BODY}`, 'g')],
  [
    'an AWS secret key',
    /(?:[Ss]ecret_?[Aa]ccess_?[Kk]ey|SECRET_?ACCESS_?KEY)\\?["']?\s{0,9}[=:]\s{0,9}\\?["']?(?![0-9A-Za-z/+]{0,40}EXAMPLE)[0-9A-Za-z/+]{40}(?![0-9A-Za-z/+=])/g,
  ],
  ...TOKEN_FORMS,
];

/** Whatever fits one of {@link FILE_FORMS} fits this, which is much quicker. */
export const ANY_FORM =
  /PRIVATE KEY(?: BLOCK)?-----|(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[0-9A-Za-z]{36}|github_pat_|glpat-|xox[abeoprs]-|npm_[0-9A-Za-z]{36}|dckr_pat_|AIza[0-9A-Za-z_-]{35}|sk_live_|[Ss]ecret_?[Aa]ccess_?[Kk]ey|SECRET_?ACCESS_?KEY/;

/** A value that somebody made up for this place: letters with a digit, and not the word for what belongs here. */
const REAL_VALUE = String.raw`(?!(?:[^"]{0,200}(?:example|changeme|placeholder|redacted|your[_-]|x{4})|[^"]{0,3}[<{%*$]))(?=[^"]{0,200}\d)(?=[^"]{0,200}[A-Za-z])[^"\s\\]{8,400}`;

/** What stands where a value is put in later. */
const VALUE = String.raw`(?!["']?(?:\$[{(]|<|%\())["']?[^\s"'#]{4,}`;

/** Forms that tell something in files of these names only. */
export const NAMED_FORMS: readonly (readonly [file: RegExp, what: string, pattern: RegExp])[] = [
  [
    /(?:^|\/)(?:\.docker\/config\.json|\.dockercfg|auth\.json)$/,
    'a password of a container registry',
    /"(?:auth|identitytoken|registrytoken)"\s*:\s*"[0-9A-Za-z+/=._-]{6,}"/g,
  ],
  [/(?:^|\/)[._]netrc$/, 'a password', new RegExp(String.raw`^[^#\n]{0,300}\bpassword\s{1,9}${VALUE}`, 'gm')],
  [/(?:^|\/)\.pgpass$/, 'a password', /^[^#:\n]{1,300}:[^:\n]{1,9}:[^:\n]{1,100}:[^:\n]{1,100}:[^\n]+$/gm],
  [/(?:^|\/)\.git-credentials$/, 'a password', /^https?:\/\/[^\s:/@]{1,200}:[^\s@]{1,300}@/gm],
  [/(?:^|\/)pip\.conf$|(?:^|\/)\.pip\/pip\.conf$/, 'a password', /https?:\/\/[^\s:/@]{1,200}:(?!\$)[^\s@]{1,300}@/g],
  [
    /(?:^|\/)\.npmrc$|(?:^|\/)\.yarnrc\.yml$/,
    'a password of a package registry',
    new RegExp(String.raw`(?:_authToken|_auth|_password|npmAuthToken)\s{0,9}[=:]\s{0,9}${VALUE}`, 'g'),
  ],
  [
    /(?:^|\/)(?:\.pypirc|\.my\.cnf)$/,
    'a password',
    new RegExp(String.raw`^\s{0,20}password\s{0,9}[=:]\s{0,9}${VALUE}`, 'gm'),
  ],
  [
    /(?:^|\/)(?:\.kube\/config|kubeconfig)$/,
    'an account of a cluster',
    /\b(?:client-key-data|token|password):\s{1,9}["']?[^\s"']{8,}/g,
  ],
  [
    /^(?!usr\/(?:lib|share)\/)(?!.*(?:node_modules|-packages)\/)(?:.*\/)?(?:[\w.-]*(?:secrets?|credentials?)|config|settings|appsettings(?:\.\w{1,30})?|local|production)\.json$/i,
    'a password',
    new RegExp(
      String.raw`"[\w.-]{0,60}(?:password|passwd|passphrase|(?:client_?)?secret|api_?key|(?:auth|access|refresh)_?token)"\s{0,9}:\s{0,9}"${REAL_VALUE}"`,
      'gi',
    ),
  ],
  [/^etc\/shadow-?$/, 'the hash of a password', /^[^:\n]{1,100}:\$[0-9a-z]{1,10}\$[^:\n]{8,}/gm],
];
