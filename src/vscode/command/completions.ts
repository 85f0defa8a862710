import { DOCKER_HUB, familiarName, familiarRepository, isRepository, parseReference } from '../../oci/reference.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import type { Registries } from '../registries/registries.ts';

/** What completing an image's name takes. */
export interface NameSources {
  readonly images: Pick<PulledImages, 'list'>;
  readonly registries: Pick<Registries, 'list' | 'names' | 'pinned' | 'pinnedElsewhere' | 'recent'>;
}

/** An entry that continues the reference, or is one. */
export interface Completion {
  readonly label: string;
  readonly description?: string;
  /** The text that the entry stands for. */
  readonly text: string;
  /** The text is only a beginning: choosing the entry types it and goes on. */
  readonly partial: boolean;
}

/** Completions of one kind. */
export interface CompletionGroup {
  readonly title: string;
  readonly items: readonly Completion[];
}

/** Where a list of names comes from: `host/` or `host/repository:`, of a listed registry. */
interface Place {
  readonly registry: string;
  readonly prefix: string;
  /** Absent = repositories are wanted. */
  readonly repository?: string;
  /** The part that the user has typed after the place. */
  readonly begun: string;
}

/** More entries than a user scrolls through; typing narrows them. */
const SHOWN = 200;

/** What is offered before anything is typed: no request is sent. */
export async function knownImages({ images, registries }: NameSources): Promise<readonly CompletionGroup[]> {
  const recent = registries.recent().map(text => whole(shortName(text)));
  const pulled = (await images.list().catch(() => [])).map(({ image }) => whole(shortName(image.reference), 'pulled'));
  const listed = registries.list().map(({ name }) => name);
  const pinned = [...listed, ...registries.pinnedElsewhere()].flatMap(registry =>
    registries.pinned(registry).map(repository => partial(`${familiarRepository({ registry, repository })}:`)),
  );
  const hosts = listed.filter(name => name !== DOCKER_HUB).map(name => partial(`${name}/`));
  return [
    { title: 'Recent', items: recent },
    { title: 'Pulled', items: unique(pulled, recent) },
    { title: 'Pinned repositories', items: pinned },
    { title: 'Registries', items: hosts },
  ];
}

/**
 * Completes the repository after `host/`, or the tag after `:`. Asks only registries of the list;
 * `undefined` if the text names none.
 */
export async function completionsOf(
  text: string,
  { registries }: NameSources,
  signal: AbortSignal,
): Promise<CompletionGroup | undefined> {
  const place = placeOf(
    text,
    registries.list().map(({ name }) => name),
  );
  if (!place) return undefined;
  const { registry, repository, prefix, begun } = place;
  const names = await registries.names();
  if (repository === undefined) {
    const known = registries.pinned(registry);
    const listed = registry === DOCKER_HUB ? [] : await names.repositories(registry, signal).catch(() => []);
    const items = [...new Set([...known, ...listed])].filter(name => name.includes(begun)).slice(0, SHOWN);
    return {
      title: `Repositories of ${registry}`,
      items: items.map(name => ({ label: name, text: `${prefix}${name}:`, partial: true })),
    };
  }
  const tags = await names.tags(registry, repository, signal);
  const items = tags.filter(tag => tag.includes(begun)).slice(0, SHOWN);
  return {
    title: `Tags of ${repository}`,
    items: items.map(tag => ({ label: tag, text: `${prefix}${tag}`, partial: false })),
  };
}

function placeOf(text: string, listed: readonly string[]): Place | undefined {
  const host = listed.find(name => text.startsWith(`${name}/`));
  const rest = host === undefined ? text : text.slice(host.length + 1);
  const colon = rest.indexOf(':');
  if (rest.includes('@') || /\s/.test(rest)) return undefined;
  if (colon < 0) {
    return host === undefined ? undefined : { registry: host, prefix: `${host}/`, begun: rest };
  }
  const named = text.slice(0, text.length - rest.length + colon);
  if (!isRepository(rest.slice(0, colon))) return undefined;
  try {
    const { registry, repository } = parseReference(named);
    if (!listed.includes(registry)) return undefined;
    return { registry, repository, prefix: `${named}:`, begun: rest.slice(colon + 1) };
  } catch {
    return undefined;
  }
}

/** The image's name as users type it; the text itself if it isn't a reference. */
function shortName(text: string): string {
  try {
    const reference = parseReference(text);
    return reference.digest === undefined ? familiarName(reference) : text;
  } catch {
    return text;
  }
}

function whole(text: string, description?: string): Completion {
  return { label: text, text, partial: false, ...(description === undefined ? {} : { description }) };
}

function partial(text: string): Completion {
  return { label: text, text, partial: true };
}

function unique(items: readonly Completion[], but: readonly Completion[]): readonly Completion[] {
  const taken = new Set(but.map(({ text }) => text));
  return items.filter(({ text }, at) => !taken.has(text) && items.findIndex(other => other.text === text) === at);
}
