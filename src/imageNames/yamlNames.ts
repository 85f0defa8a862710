import type { FileKind } from './fileKind.ts';
import { helmNames } from './helmNames.ts';
import { imageNameOf, type ImageName } from './imageName.ts';
import { kustomizeNames } from './kustomizeNames.ts';
import { expand } from './variables.ts';
import { yamlLineNames } from './yamlLineNames.ts';
import { at, isReadable, parseYaml, valuesOf, type YamlText, type YamlValue } from './yamlTree.ts';

type Find = (document: YamlValue) => readonly ImageName[];

const FINDERS: Readonly<Record<Exclude<FileKind, 'bake' | 'devcontainer' | 'dockerfile'>, Find>> = {
  actions: actionsNames,
  compose: composeNames,
  gitlab: gitlabNames,
  helm: helmNames,
  kubernetes: kubernetesNames,
  kustomize: kustomizeNames,
};

/** Finds the images that a YAML file names, by the rules of its kind. */
export function yamlNames(kind: keyof typeof FINDERS, text: string): ImageName[] {
  // A Helm template isn't YAML, but most of its images are on lines of their own.
  if (kind === 'kubernetes' && text.includes('{{')) return yamlLineNames(text);
  if (!isReadable(text)) return [];
  return parseYaml(text).flatMap(FINDERS[kind]);
}

/** A service with `build` names what it makes, not what it takes. */
function composeNames(document: YamlValue): ImageName[] {
  const services = valuesOf(at(document, 'services'));
  // Fragments, which services merge.
  const fragments =
    document.kind === 'map' ? document.entries.filter(([key]) => key.startsWith('x-')).map(([, value]) => value) : [];
  return [...services, ...fragments].flatMap(service => {
    const build = at(service, 'build');
    const platform = textOf(at(service, 'platform'));
    return [
      ...(build ? contextNames(at(build, 'additional_contexts')) : interpolated(at(service, 'image'), platform)),
      ...valuesOf(at(service, 'pre_start')).flatMap(hook => interpolated(at(hook, 'image'), platform)),
    ];
  });
}

/** `name: docker-image://…`, or a list of `name=docker-image://…`. */
function contextNames(contexts: YamlValue | undefined): ImageName[] {
  return valuesOf(contexts).flatMap(value => afterPrefix(value, /^(?:[^=/]+=)?docker-image:\/\//));
}

/** With the defaults of variables; their values come from elsewhere. */
function interpolated(value: YamlValue | undefined, platform: string | undefined): ImageName[] {
  if (value?.kind !== 'text') return [];
  return [imageNameOf({ ...partOf(value, 0), value: expand(value.text, () => undefined, '$'), platform })];
}

function kubernetesNames(document: YamlValue): ImageName[] {
  if (document.kind === 'list') return document.items.flatMap(kubernetesNames);
  if (document.kind !== 'map') return [];
  return document.entries.flatMap(([key, value]) => {
    if (key === 'image') {
      const name = value.kind === 'map' ? at(value, 'reference') : value;
      return name?.kind === 'text' ? plainName(name) : kubernetesNames(value);
    }
    return value.kind === 'text' ? [] : kubernetesNames(value);
  });
}

const DOCKER = /^docker:\/\//;

function actionsNames(document: YamlValue): ImageName[] {
  const steps = [document, ...valuesOf(at(document, 'jobs'))].flatMap(job => [
    ...valuesOf(at(job, 'steps')),
    ...valuesOf(at(job, 'runs', 'steps')),
  ]);
  return [
    ...valuesOf(at(document, 'jobs')).flatMap(job => [
      ...nameOrField(at(job, 'container'), 'image'),
      ...valuesOf(at(job, 'services')).flatMap(service => plainName(at(service, 'image'))),
    ]),
    ...steps.flatMap(step => afterPrefix(at(step, 'uses'), DOCKER)),
    ...afterPrefix(at(document, 'runs', 'image'), DOCKER),
  ];
}

/** Top-level keys that aren't jobs. */
const GITLAB_KEYWORDS = new Set(['include', 'variables', 'stages', 'workflow', 'cache', 'spec']);

function gitlabNames(document: YamlValue): ImageName[] {
  const jobs = document.kind === 'map' ? document.entries.filter(([key]) => !GITLAB_KEYWORDS.has(key)) : [];
  return [document, ...jobs.map(([, job]) => job)].flatMap(job => [
    ...gitlabName(at(job, 'image')),
    ...valuesOf(at(job, 'services')).flatMap(gitlabName),
  ]);
}

/** The dependency proxy stands before names of Docker Hub. */
const PROXY = /^\$\{?CI_DEPENDENCY_PROXY(?:_DIRECT)?_GROUP_IMAGE_PREFIX\}?\//;

function gitlabName(value: YamlValue | undefined): ImageName[] {
  const name = value?.kind === 'map' ? at(value, 'name') : value;
  if (name?.kind !== 'text') return [];
  return PROXY.test(name.text) ? afterPrefix(name, PROXY) : plainName(name);
}

function nameOrField(value: YamlValue | undefined, field: string): ImageName[] {
  return plainName(value?.kind === 'map' ? at(value, field) : value);
}

/** Names with variables or templates, whose values come from elsewhere, stay without a meaning. */
function plainName(value: YamlValue | undefined): ImageName[] {
  return value?.kind === 'text' ? [nameFrom(value, 0)] : [];
}

function afterPrefix(value: YamlValue | undefined, prefix: RegExp): ImageName[] {
  const length = value?.kind === 'text' ? prefix.exec(value.text)?.[0].length : undefined;
  return value?.kind === 'text' && length !== undefined ? [nameFrom(value, length)] : [];
}

function nameFrom(value: YamlText, from: number): ImageName {
  const part = partOf(value, from);
  return imageNameOf({ ...part, value: /[${]/.test(part.written) ? undefined : part.written });
}

function partOf(value: YamlText, from: number): Pick<Parameters<typeof imageNameOf>[0], 'spans' | 'written' | 'exact'> {
  const start = value.exact ? value.start + from : value.start;
  return { spans: [{ start, end: value.end }], written: value.text.slice(from), exact: value.exact };
}

function textOf(value: YamlValue | undefined): string | undefined {
  return value?.kind === 'text' && /^[a-z0-9/_.-]+$/.test(value.text) ? value.text : undefined;
}
