/** The kinds of files that Peel finds image names in. */
export type FileKind =
  'actions' | 'bake' | 'compose' | 'devcontainer' | 'dockerfile' | 'gitlab' | 'helm' | 'kubernetes' | 'kustomize';

const BY_LANGUAGE: Readonly<Record<string, FileKind>> = {
  dockerfile: 'dockerfile',
  dockercompose: 'compose',
  dockerbake: 'bake',
};

/** The path's end decides, before the language: that depends on which extensions are installed. */
const BY_PATH: readonly (readonly [RegExp, FileKind | undefined])[] = [
  [/\/(?:Dockerfile|Containerfile)(?:\.[^/]*)?$|\.(?:dockerfile|containerfile)$/i, 'dockerfile'],
  [/\/docker-bake(?:\.[^/]*)?\.(?:hcl|json)$/i, 'bake'],
  [/\/(?:\.devcontainer(?:\/[^/]+)?\/devcontainer\.json|\.devcontainer\.json)$/, 'devcontainer'],
  [/\/(?:docker-|podman-)?compose(?:[.-][^/]*)?\.ya?ml$/i, 'compose'],
  [/\/kustomization\.ya?ml$/i, 'kustomize'],
  [/\/\.gitlab-ci(?:\.[^/]*)?\.ya?ml$|\.gitlab-ci\.ya?ml$/i, 'gitlab'],
  [/\/\.(?:github|gitea|forgejo)\/workflows\/[^/]+\.ya?ml$|\/action\.ya?ml$/i, 'actions'],
  [/\/values(?:[.-][^/]*)?\.ya?ml$/i, 'helm'],
  // Its images are what it builds.
  [/\/skaffold\.ya?ml$/i, undefined],
];

/**
 * Returns what kind of file it is, or `undefined` if Peel doesn't look for names in it.
 * @param path with slashes
 * @param language the editor's language ID
 * @param text for Kubernetes objects, which only their content shows
 */
export function fileKind(path: string, language: string, text: () => string): FileKind | undefined {
  const known = BY_PATH.find(([pattern]) => pattern.test(path));
  if (known) return known[1];
  const kind = Object.hasOwn(BY_LANGUAGE, language) ? BY_LANGUAGE[language] : undefined;
  if (kind || (language !== 'yaml' && !/\.ya?ml$/i.test(path))) return kind;
  const content = text();
  return /^apiVersion:/m.test(content) && /^kind:/m.test(content) ? 'kubernetes' : undefined;
}
