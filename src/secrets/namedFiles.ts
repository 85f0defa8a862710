import type { SecretForm } from './secretForms.ts';
import { hideSecrets, hideSecretValue } from './secretText.ts';

/** A kind of file whose name suggests secrets, and what they look like in its content. */
export interface NamedFile {
  readonly file: RegExp;
  /** What it likely is, judged by its name alone; absent: such a name says too little. */
  readonly what?: string;
  /** Forms looked for in its content, besides those that are looked for in every file. */
  readonly forms: readonly SecretForm[];
  /** Its forms are those of a binary file, too. */
  readonly binary?: true;
}

/** A made-up value: letters with a digit, and not a placeholder. */
const REAL_VALUE = String.raw`(?!(?:[^"]{0,200}(?:example|changeme|placeholder|redacted|your[_-]|x{4})|[^"]{0,3}[<{%*$]))(?=[^"]{0,200}\d)(?=[^"]{0,200}[A-Za-z])[^"\s\\]{8,400}`;

/** Not a placeholder for a value that is inserted later. */
const VALUE = String.raw`(?!["']?(?:\$[{(]|<|%\())["']?[^\s"'#]{4,}`;

const JSON_PASSWORD = new RegExp(
  String.raw`"[\w.-]{0,60}(?:password|passwd|passphrase|(?:client_?)?secret|api_?key|(?:auth|access|refresh)_?token)"\s{0,9}:\s{0,9}"${REAL_VALUE}"`,
  'gi',
);

/** `name = value`, `export NAME=value`, `:name: value`, but not comments. */
const SETTING =
  /^[ \t]{0,40}(?:export[ \t]{1,9})?[:"']?([A-Za-z_][\w./-]{0,100})["']?[ \t]{0,40}[:=][ \t]{0,40}(\S.{0,1000})/gm;

/** Finds a setting with the name of a secret, or a value in the form of one. */
function secretSetting(text: string): number | undefined {
  for (const { 1: name = '', 2: line = '', index } of text.matchAll(SETTING)) {
    const value = line.replace(/(?:^|\s)[#;].*$/, '').trim();
    if (value !== '' && hideSecretValue(name, value).hidden > 0) return index;
  }
  return undefined;
}

/** Finds a command with a secret in it. */
function secretCommand(text: string): number | undefined {
  for (const { 0: line, index } of text.matchAll(/^[^\n]{6,1000}/gm)) if (hideSecrets(line).hidden > 0) return index;
  return undefined;
}

/** DER: PKCS #1, PKCS #8, an EC key, and (by the identifier of PKCS #5) an encrypted PKCS #8. */
const DER_LENGTH = String.raw`(?:[\x00-\x7f]|\x81[^]|\x82[^]{2})`;
const DER_KEY = new RegExp(`^\\x30${DER_LENGTH}\\x02\\x01(?:\\x00[\\x02\\x30]|\\x01\\x04)`, 'g');
const DER_LOCKED_KEY = new RegExp(
  `^\\x30${DER_LENGTH}\\x30${DER_LENGTH}\\x06.\\x2a\\x86\\x48\\x86\\xf7\\x0d\\x01\\x05`,
  'g',
);

/** JKS, JCEKS, KeePass, and PKCS #12 with definite and indefinite lengths. */
const KEY_STORE = new RegExp(
  `^(?:\\xfe\\xed\\xfe\\xed|\\xce{4}|\\x03\\xd9\\xa2\\x9a|\\x30(?:\\x80|\\x83[^]{3}|${DER_LENGTH})\\x02\\x01\\x03\\x30)`,
  'g',
);

/** The first kind that a name fits is the one that counts. */
const NAMED_FILES: readonly NamedFile[] = [
  { what: 'an SSH private key', file: /(?:^|\/)(?:id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|ssh_host_\w+_key)$/, forms: [] },
  {
    what: 'a private key',
    file: /\.(?:key|ppk)$|(?:^|[/._-])(?:priv(?:ate)?[._-]?key|privkey)[^/]*\.pem$|(?:^|\/)(?:server|tls|client|ca)-?key\.pem$/i,
    forms: [
      ['a private key', DER_KEY],
      ['an encrypted private key', DER_LOCKED_KEY],
      ['an SSH private key', /^PuTTY-User-Key-File-\d: /g],
      ['an OpenVPN key', /^-----BEGIN OpenVPN Static key V1-----$/gm],
      ['a DNS update key', /^\s{0,9}secret\s{1,9}"[0-9A-Za-z+/]{16,200}={0,2}"/gm],
      // Of WireGuard, of Rails and the like: nothing but a random number.
      ['a secret key', /^\s{0,9}(?:[0-9A-Fa-f]{32,128}|[0-9A-Za-z+/]{43}=)\s{0,9}$/g],
    ],
    binary: true,
  },
  {
    what: 'a key store',
    file: /(?:^|\/)(?![^/]*trust)[^/]*\.(?:p12|pfx|jks|keystore|kdbx)$/i,
    forms: [['a key store', KEY_STORE]],
    binary: true,
  },
  {
    what: 'environment variables',
    file: /(?:^|\/)\.env(?:\.(?:local|production|prod|staging|development))?$/,
    forms: [['environment variables', secretSetting]],
  },
  {
    what: 'package registry credentials',
    file: /(?:^|\/)(?:\.npmrc|\.yarnrc\.yml)$/,
    forms: [
      [
        'a package registry password',
        new RegExp(
          String.raw`^(?![ \t]{0,40}[#;])[^\n]{0,300}?(?:_authToken|_auth|_password|npmAuthToken)\s{0,9}[=:]\s{0,9}${VALUE}`,
          'gm',
        ),
      ],
    ],
  },
  {
    what: 'package registry credentials',
    file: /(?:^|\/)(?:\.pypirc|\.gem\/credentials|\.cargo\/credentials(?:\.toml)?)$/,
    forms: [['a package registry password', secretSetting]],
  },
  {
    what: 'package registry credentials',
    file: /(?:^|\/)\.m2\/settings\.xml$/,
    forms: [['a package registry password', /<(?:password|passphrase)>\s{0,9}(?![${])[^<\s]{1,400}/g]],
  },
  {
    what: 'host credentials',
    file: /(?:^|\/)[._]netrc$/,
    forms: [['a password', new RegExp(String.raw`^[^#\n]{0,300}\bpassword\s{1,9}${VALUE}`, 'gm')]],
  },
  {
    what: 'host credentials',
    file: /(?:^|\/)\.git-credentials$/,
    forms: [['a password', /^https?:\/\/[^\s:/@]{1,200}:[^\s@]{1,300}@/gm]],
  },
  {
    what: 'host credentials',
    file: /(?:^|\/)\.pgpass$/,
    forms: [['a password', /^[^#:\n]{1,300}:[^:\n]{1,9}:[^:\n]{1,100}:[^:\n]{1,100}:[^\n]+$/gm]],
  },
  { what: 'host credentials', file: /(?:^|\/)\.my\.cnf$/, forms: [['a password', secretSetting]] },
  {
    what: 'host credentials',
    file: /(?:^|\/)\.htpasswd$/,
    forms: [['a password hash', /^[^#:\s]{1,100}:[^:\s]{8,}/gm]],
  },
  {
    what: 'container registry credentials',
    file: /(?:^|\/)(?:\.docker\/config\.json|\.dockercfg|containers\/auth\.json)$/,
    forms: [['a container registry password', /"(?:auth|identitytoken|registrytoken)"\s*:\s*"[0-9A-Za-z+/=._-]{6,}"/g]],
  },
  {
    what: 'cloud credentials',
    file: /(?:^|\/)(?:\.azure\/(?:accessTokens|msal_token_cache)\.json|gcloud\/application_default_credentials\.json)$/,
    forms: [
      ['cloud credentials', /"(?:accessToken|refreshToken|refresh_token|secret|client_secret)"\s*:\s*"[^"\s]{8,}"/g],
    ],
  },
  {
    what: 'cloud credentials',
    file: /(?:^|\/)gcloud\/credentials\.db$/,
    forms: [['cloud credentials', /refresh_token|private_key/g]],
    binary: true,
  },
  {
    what: 'cloud credentials',
    file: /(?:^|\/)(?:\.aws\/credentials|\.config\/doctl\/config\.yaml|\.s3cfg|\.boto)$/,
    forms: [['cloud credentials', secretSetting]],
  },
  {
    what: 'cluster credentials',
    file: /(?:^|\/)(?:\.kube\/config|kubeconfig)$/,
    forms: [['cluster credentials', /\b(?:client-key-data|token|password):\s{1,9}["']?[^\s"']{8,}/g]],
  },
  {
    what: 'cluster credentials',
    file: /(?:^|\/)\.vault-token$/,
    forms: [['a Vault token', /^\s{0,9}[\w.-]{20,400}\s{0,9}$/g]],
  },
  {
    what: 'a Terraform state',
    file: /\.tfstate(?:\.backup)?$/,
    forms: [['a password', JSON_PASSWORD]],
  },
  { what: 'Terraform variables', file: /(?:^|\/)terraform\.tfvars$/, forms: [['a password', secretSetting]] },
  {
    what: 'a command history',
    file: /(?:^|\/)\.(?:bash|zsh|psql|mysql|python|node_repl|ash)_history$/,
    forms: [['a password in a command', secretCommand]],
  },
  {
    file: /(?:^|\/)(?:pip\.conf|\.pip\/pip\.conf)$/,
    forms: [['a password', /https?:\/\/[^\s:/@]{1,200}:(?!\$)[^\s@]{1,300}@/g]],
  },
  {
    file: /^(?!usr\/(?:lib|share)\/)(?!.*(?:node_modules|-packages)\/)(?:.*\/)?(?:(?:[\w.-]*(?:secrets?|credentials?)|config|settings|appsettings(?:\.\w{1,30})?|local|production)\.json)$/i,
    forms: [['a password', JSON_PASSWORD]],
  },
  { file: /^etc\/shadow-?$/, forms: [['a password hash', /^[^:\n]{1,100}:\$[0-9a-z]{1,10}\$[^:\n]{8,}/gm]] },
];

/** What the names of all those files start with or end in, to rule most files out quickly. */
const LIKELY_NAME =
  /^(?:[._]|id_|ssh_host_)|(?:key|pem|ppk|p12|pfx|jks|store|kdbx|json|state|backup|vars|conf|config|db|xml|toml|yaml|credentials|shadow-?)$/i;

/** @param path without a leading slash */
export function namedFile(path: string): NamedFile | undefined {
  if (!LIKELY_NAME.test(path.slice(path.lastIndexOf('/') + 1))) return undefined;
  return NAMED_FILES.find(({ file }) => file.test(path));
}
