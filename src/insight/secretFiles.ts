import type { LayerContent } from './layerContent.ts';

/** A file that, by its name, is likely to hold a secret. */
export interface SecretFile {
  readonly path: string;
  readonly layer: number;
  /** What it likely is, such as `a private key`. */
  readonly what: string;
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
  /(?:^|\/)(?:usr\/share\/(?:doc|ca-certificates|perl|python3?)|etc\/ssl\/certs|test(?:s|data|_data)?|examples?|fixtures|__tests__|spec)\//;

/** Finds, in every layer, the files whose names tell of secrets: also those that a later layer deleted, for whoever has the image has them, too. Empty files and the files of tests and examples are left out. */
export function secretFiles(layers: readonly LayerContent[]): SecretFile[] {
  return layers.flatMap(({ number, entries }) =>
    entries.flatMap(({ path, type, size }) => {
      const what = type === 'file' && size > 0 ? kindOf(path) : undefined;
      return what === undefined ? [] : [{ path, layer: number, what }];
    }),
  );
}

function kindOf(path: string): string | undefined {
  if (HARMLESS.test(path)) return undefined;
  return KINDS.find(([, pattern]) => pattern.test(path))?.[0];
}
