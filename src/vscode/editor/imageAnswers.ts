import { KeyedMutex } from '../../blobs/keyedMutex.ts';
import { newerTags } from '../../imageNames/newestTag.ts';
import { choosePlatform, hasPlatform, platformsOf } from '../../oci/choosePlatform.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { defaultPlatform, formatPlatform, parsePlatform, platformDistance, type Platform } from '../../oci/platform.ts';
import { formatReference, type Reference } from '../../oci/reference.ts';
import { NotAnImageError } from '../../resolve/resolveImage.ts';
import { SharedAnswers } from '../common/sharedAnswers.ts';
import type { ImageLookup } from '../registries/lookup.ts';
import type { Registries } from '../registries/registries.ts';
import type { Configuration } from '../settings/configuration.ts';

/** What a registry says about a name. */
export interface ImageFacts {
  /** Of the index, or of the manifest if it has no index. */
  readonly digest: Digest;
  /** Empty if the name has no index. */
  readonly platforms: readonly string[];
  /** The wanted platform's image, or the only one; absent if there is none, or for an artifact. */
  readonly image?: ResolvedImage;
  /** Whether the image is for the wanted platform. */
  readonly fits: boolean;
  /** What the tag points to now, if the name pins another digest. */
  readonly newerDigest?: Digest;
}

/** A repository's tags as far as they were listed. */
export interface KnownTags {
  readonly tags: readonly string[];
  /** Registries list tags alphabetically, so the newest may be missing from a part. */
  readonly complete: boolean;
}

interface Needs {
  readonly configuration: Pick<Configuration, 'platform'>;
  readonly lookup: ImageLookup;
  readonly registries: Pick<Registries, 'clientFor' | 'onDidChangeAccess'>;
}

/** Milliseconds. */
const FACTS_LIFETIME = 5 * 60_000;
const TAGS_LIFETIME = 10 * 60_000;
const FAILURE_LIFETIME = 60_000;

/** Names remembered for answers that need no request. */
const MOST_KNOWN = 200;
/** Requests for one list of tags, of up to 1,000 each. */
const TAG_PARTS = 5;
/** Candidates for a newer tag that are checked for the platform. */
const MOST_CANDIDATES = 3;

/**
 * Answers of registries for names in files. Equal questions share one request. Each registry gets
 * one at a time, but its lists of tags, which may be long, don't hold up the rest.
 */
export class ImageAnswers {
  readonly #needs: Needs;
  readonly #mutex = new KeyedMutex();
  readonly #facts = new SharedAnswers<ImageFacts>();
  readonly #tags = new SharedAnswers<KnownTags>(50);
  #known = new Map<string, { readonly facts: ImageFacts; readonly until: number }>();
  #failures = new Map<string, { readonly error: Error; readonly until: number }>();

  constructor(needs: Needs) {
    this.#needs = needs;
    needs.registries.onDidChangeAccess(() => {
      this.#facts.forget();
      this.#tags.forget();
      this.#known = new Map();
      this.#failures = new Map();
    });
  }

  /** @param platform what the file asks for; absent = that of the settings */
  async facts(reference: Reference, platform: string | undefined, signal: AbortSignal): Promise<ImageFacts> {
    const key = `${formatReference(reference)} ${platform ?? ''}`;
    const facts = await this.#ask(this.#facts, key, FACTS_LIFETIME, reference.registry, signal, shared =>
      this.#askFacts(reference, platform, shared),
    );
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(key, { facts, until: Date.now() + FACTS_LIFETIME });
    return facts;
  }

  /** Returns facts that were asked for before, without a request. */
  knownFacts(reference: Reference, platform: string | undefined): ImageFacts | undefined {
    const known = this.#known.get(`${formatReference(reference)} ${platform ?? ''}`);
    return known && known.until > Date.now() ? known.facts : undefined;
  }

  tags({ registry, repository }: Reference, signal: AbortSignal): Promise<KnownTags> {
    const key = `${registry}/${repository} tags`;
    return this.#ask(this.#tags, key, TAGS_LIFETIME, `${registry} tags`, signal, async shared => {
      const client = await this.#needs.registries.clientFor(registry);
      const { items, next } = await client.manyTags(repository, undefined, TAG_PARTS, shared);
      return { tags: items, complete: next === undefined };
    });
  }

  /**
   * Finds the newest tag of the same kind that exists for the wanted platform.
   * @param suffix takes higher versions in the suffix, such as `-alpine3.20`, not equal ones
   */
  async newest(
    reference: Reference,
    platform: string | undefined,
    suffix: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly tag: string; readonly facts: ImageFacts } | undefined> {
    if (reference.tag === undefined) return undefined;
    let { tags } = await this.tags(reference, signal);
    for (let tries = 0; tries < MOST_CANDIDATES; tries++) {
      const newer = newerTags(reference.tag, tags);
      const tag = suffix ? newer.newestSuffix : newer.newest;
      if (tag === undefined) return undefined;
      const { registry, repository } = reference;
      const facts = await this.facts({ registry, repository, tag }, platform, signal);
      if (facts.fits) return { tag, facts };
      tags = tags.filter(each => each !== tag);
    }
    return undefined;
  }

  async #ask<T>(
    answers: SharedAnswers<T>,
    key: string,
    lifetime: number,
    turn: string,
    signal: AbortSignal,
    ask: (shared: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const failed = this.#failures.get(key);
    if (failed && failed.until > Date.now()) throw failed.error;
    try {
      return await answers.get(key, lifetime, signal, shared =>
        this.#mutex.exclusively(turn, shared, () => ask(shared)),
      );
    } catch (error) {
      if (!signal.aborted && error instanceof Error) {
        if (this.#failures.size >= MOST_KNOWN) this.#failures.clear();
        this.#failures.set(key, { error, until: Date.now() + FAILURE_LIFETIME });
      }
      throw error;
    }
  }

  async #askFacts(reference: Reference, platform: string | undefined, signal: AbortSignal): Promise<ImageFacts> {
    const { lookup } = this.#needs;
    const wanted = this.#wanted(platform);
    const opened = await lookup.open(reference, signal);
    const { digest, manifest } = opened;
    const entries = manifest.kind === 'index' ? platformsOf(manifest).filter(hasPlatform) : [];
    const leaf = manifest.kind === 'index' ? choosePlatform(entries, wanted)?.descriptor.digest : digest;
    const image = leaf && (await this.#image({ ...reference, digest: leaf }, signal));
    const { tag, registry, repository } = reference;
    const pinned = reference.digest !== undefined && tag !== undefined;
    const current = pinned ? await lookup.open({ registry, repository, tag }, signal) : undefined;
    // A pin may name one platform's manifest rather than the index.
    const holds = current?.manifest.kind === 'index' && current.manifest.manifests.some(each => each.digest === digest);
    return {
      digest,
      platforms: entries.map(entry => formatPlatform(entry.platform)),
      ...(image ? { image, fits: platformDistance(wanted, image.platform) !== undefined } : { fits: false }),
      ...(current && current.digest !== digest && !holds ? { newerDigest: current.digest } : {}),
    };
  }

  /** The reference names one manifest, so no platform is left to choose. */
  async #image(reference: Reference, signal: AbortSignal): Promise<ResolvedImage | undefined> {
    try {
      return await this.#needs.lookup.resolve(reference, '', signal);
    } catch (error) {
      if (error instanceof NotAnImageError) return undefined;
      throw error;
    }
  }

  #wanted(platform: string | undefined): Platform {
    const named = platform ?? this.#needs.configuration.platform();
    return named === undefined ? defaultPlatform() : parsePlatform(named);
  }
}
