import type { FileEntry, LayerContent } from './layerContent.ts';

/** A file that is likely to hold a secret. */
export interface SecretFile {
  readonly path: string;
  readonly layer: number;
  /** What it likely is, such as `a private key`. */
  readonly what: string;
  /** Where in the file it is, from 1; absent where only the file's name tells of it. */
  readonly line?: number;
  /** It lies among tests, examples or manuals, and so is likely nobody's. */
  readonly example?: true;
}

const KINDS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a private SSH key', /(?:^|\/)(?:id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|ssh_host_\w+_key)$/],
  [
    'a private key',
    /\.(?:key|ppk)$|(?:^|[/._-])(?:priv(?:ate)?[._-]?key|privkey)[^/]*\.pem$|(?:^|\/)(?:server|tls|client|ca)-?key\.pem$/i,
  ],
  ['a store of keys', /\.(?:p12|pfx|jks|keystore|kdbx)$/i],
  ['variables of an environment', /(?:^|\/)\.env(?:\.(?:local|production|prod|staging|development))?$/],
  [
    'an account of a package registry',
    /(?:^|\/)(?:\.npmrc|\.yarnrc\.yml|\.pypirc|\.gem\/credentials|\.cargo\/credentials(?:\.toml)?|\.m2\/settings\.xml)$/,
  ],
  ['accounts of hosts', /(?:^|\/)(?:\.netrc|_netrc|\.git-credentials|\.pgpass|\.my\.cnf|\.htpasswd)$/],
  ['accounts of container registries', /(?:^|\/)(?:\.docker\/config\.json|\.dockercfg|containers\/auth\.json)$/],
  [
    'an account of a cloud',
    /(?:^|\/)(?:\.aws\/credentials|\.azure\/(?:accessTokens|msal_token_cache)\.json|gcloud\/(?:credentials\.db|application_default_credentials\.json)|\.config\/doctl\/config\.yaml|\.s3cfg|\.boto)$/,
  ],
  ['an account of a cluster', /(?:^|\/)(?:\.kube\/config|kubeconfig|\.vault-token)$/],
  ['a state of Terraform', /\.tfstate(?:\.backup)?$|(?:^|\/)terraform\.tfvars$/],
  ['what somebody typed', /(?:^|\/)\.(?:bash|zsh|psql|mysql|python|node_repl|ash)_history$/],
];

/** Files that come with a system or a library, as examples or for tests. */
const HARMLESS =
  /(?:^|\/)(?:usr\/share\/(?:doc|ca-certificates|perl|python3?)|etc\/ssl\/certs|test(?:s|data|_data)?|examples?|samples?|demos?|fixtures|__tests__|spec)\//;

/**
 * Finds, in every layer, the files that have something of the form of a secret, or a name that tells of one: also those that a later layer deleted, for whoever has the image has them,
 * too. Surest first: what was found inside, then names, then what lies among tests and examples. By their names alone, empty files and such examples are not suspected.
 */
export function secretFiles(layers: readonly LayerContent[]): SecretFile[] {
  return surestFirst(layers.flatMap(({ entries }) => entries.flatMap(secretsOf)));
}

/** What was found inside files before what names tell, and examples last. */
export function surestFirst(files: readonly SecretFile[]): SecretFile[] {
  return files.toSorted((one, other) => doubt(one) - doubt(other));
}

function secretsOf({ path, layer, type, size, suspects }: FileEntry): SecretFile[] {
  const harmless = HARMLESS.test(path);
  if (suspects) return suspects.map(found => ({ path, layer, ...found, ...(harmless ? { example: true } : {}) }));
  const what = type === 'file' && size > 0 && !harmless ? kindOf(path) : undefined;
  return what === undefined ? [] : [{ path, layer, what }];
}

function doubt({ line, example }: SecretFile): number {
  return example ? 2 : line === undefined ? 1 : 0;
}

function kindOf(path: string): string | undefined {
  return KINDS.find(([, pattern]) => pattern.test(path))?.[0];
}
