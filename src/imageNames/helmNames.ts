import { imageNameOf, type ImageName } from './imageName.ts';
import { at, type YamlText, type YamlValue } from './yamlTree.ts';

/**
 * Finds images in the values of a Helm chart: keys ending in "image", with a string, or with a map
 * of `repository`, `tag` (or `version`), `registry` and `digest`. Charts agree on no more.
 */
export function helmNames(value: YamlValue): ImageName[] {
  if (value.kind === 'list') return value.items.flatMap(helmNames);
  if (value.kind !== 'map') return [];
  return value.entries.flatMap(([key, each]) => {
    if (!/image$/i.test(key)) return helmNames(each);
    if (each.kind === 'map') return at(each, 'repository') ? splitName(each) : helmNames(each);
    return each.kind === 'text' && isPlain(each.text) ? [wholeName(each)] : [];
  });
}

function wholeName({ text, start, end, exact }: YamlText): ImageName {
  return imageNameOf({ spans: [{ start, end }], written: text, value: text, exact });
}

function splitName(map: YamlValue): ImageName[] {
  const [repository, registry, digest] = ['repository', 'registry', 'digest'].map(key => textAt(map, key));
  const tag = textAt(map, 'tag') ?? textAt(map, 'version');
  if (!repository || ![repository, registry, tag, digest].every(part => isPlain(part?.text ?? ''))) return [];
  return [joinParts({ repository, registry, tag, digest })];
}

/** Joins a name that is written in parts. A missing tag is the chart's to choose. */
export function joinParts(parts: {
  readonly repository: YamlText;
  readonly registry?: YamlText | undefined;
  readonly tag?: YamlText | undefined;
  readonly digest?: YamlText | undefined;
}): ImageName {
  const { repository, registry, tag, digest } = parts;
  const written = [
    registry?.text ? `${registry.text}/` : '',
    repository.text,
    tag?.text ? `:${tag.text}` : '',
    digest?.text ? `@${digest.text}` : '',
  ].join('');
  const present = [repository, tag, digest].filter(part => part !== undefined);
  return imageNameOf({
    spans: present.map(({ start, end }) => ({ start, end })),
    written,
    value: written,
    exact: true,
    parts: {
      ...(tag?.exact && tag.text !== '' ? { tag } : {}),
      ...(digest?.exact && digest.text !== '' ? { digest } : {}),
    },
  });
}

export function textAt(value: YamlValue, key: string): YamlText | undefined {
  const found = at(value, key);
  return found?.kind === 'text' ? found : undefined;
}

function isPlain(text: string): boolean {
  return !/[${\s]/.test(text);
}
