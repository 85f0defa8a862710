import type { Disposable, Event } from 'vscode';
import type { MergedTree } from '../../browse/tree/mergedTree.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { FilesSoFar } from '../files/openingTree.ts';

/** Files as rows show them. */
export interface FilesInSight {
  readonly image: ResolvedImage;
  readonly tree: MergedTree;
  /** Layers are still being read: the tree is what was found so far. */
  readonly reading?: FilesSoFar;
}

/** Where files come from. */
export interface FilesSource {
  resolve(signal: AbortSignal): Promise<ResolvedImage>;
  whole(image: ResolvedImage, signal: AbortSignal): Promise<MergedTree>;
  /** What is known while `whole` is on its way; `undefined` when nothing is read. */
  soFar(image: ResolvedImage): Promise<FilesSoFar | undefined>;
  readonly onDidRead: Event<void>;
}

/** The user ended the reading of layers. */
export class ReadingStoppedError extends Error {
  constructor() {
    super('The reading was stopped. What was read is kept; try again to go on from there.');
    this.name = 'ReadingStoppedError';
  }
}

/** Rows are asked anew at most so often, and less often the more there are. Milliseconds, and milliseconds for each entry. */
const PACE = 400;
const PACE_PER_ENTRY = 0.01;
const SLOWEST = 3000;
/** What is whole so soon is shown at once. Milliseconds. */
const GRACE = 300;

type Outcome = { readonly sight: FilesInSight } | { readonly error: unknown };

/**
 * Keeps the files of an image in sight: first as far as they are found, then whole, and tells of every change. What failed after something was shown stays a failure until
 * {@link reset}: nobody may take for the image's what was not verified.
 */
export class WatchedFiles {
  readonly #source: FilesSource;
  readonly #changed: () => void;
  #opening: Opening | undefined;

  /** @param changed there is more to see, or other */
  constructor(source: FilesSource, changed: () => void) {
    this.#source = source;
    this.#changed = changed;
  }

  /** The files as they are known now; opens them when nobody has. @throws what opening them throws */
  async look(): Promise<FilesInSight> {
    const opening = this.#opened();
    const seen = await opening.look();
    if ('sight' in seen) return seen.sight;
    // Nobody saw anything: the next look may try again.
    if (!opening.shown && this.#opening === opening) this.#opening = undefined;
    throw seen.error;
  }

  /** Waits until all is read, or has failed, of which the next {@link look} tells. */
  async whole(): Promise<void> {
    await this.#opened().ended;
  }

  /** Ends the reading; the next {@link look} says so. */
  stop(): void {
    this.#opening?.end(new ReadingStoppedError());
  }

  /** Forgets everything; what runs is given up. */
  reset(): void {
    this.#opening?.end();
    this.#opening = undefined;
  }

  #opened(): Opening {
    const opening = (this.#opening ??= new Opening(this.#source, () => {
      if (this.#opening === opening) this.#changed();
    }));
    return opening;
  }
}

/** From the first look at files until they are whole. */
class Opening {
  /** Somebody was shown less than the whole. */
  shown = false;
  readonly #source: FilesSource;
  readonly #changed: () => void;
  readonly #controller = new AbortController();
  /** There is something to show, or an outcome. */
  readonly #begun = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<Outcome>();
  readonly #subscription: Disposable;
  #image: ResolvedImage | undefined;
  #outcome: Outcome | undefined;
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #patient = true;
  readonly #grace = setTimeout(() => {
    this.#patient = false;
    void this.#hear();
  }, GRACE);

  constructor(source: FilesSource, changed: () => void) {
    this.#source = source;
    this.#changed = changed;
    this.#subscription = source.onDidRead(() => void this.#hear());
    void this.#open();
  }

  async look(): Promise<Outcome> {
    await this.#begun.promise;
    const sight = this.#outcome ? undefined : await this.#soFar();
    if (sight && !this.#outcome) {
      this.shown = true;
      return { sight };
    }
    return this.#outcome ?? this.#ended.promise;
  }

  get ended(): Promise<unknown> {
    return this.#ended.promise;
  }

  end(reason?: Error): void {
    this.#controller.abort(reason);
  }

  async #open(): Promise<void> {
    this.#outcome = await this.#whole(this.#controller.signal);
    this.#subscription.dispose();
    clearTimeout(this.#timer);
    clearTimeout(this.#grace);
    this.#ended.resolve(this.#outcome);
    this.#begun.resolve();
    if (this.shown) this.#changed();
  }

  async #whole(signal: AbortSignal): Promise<Outcome> {
    try {
      const image = await this.#source.resolve(signal);
      this.#image = image;
      const whole = this.#source.whole(image, signal);
      // Somebody else may have begun to read them, and what comes next may take its time.
      void this.#hear();
      return { sight: { image, tree: await whole } };
    } catch (error) {
      return { error };
    }
  }

  async #soFar(): Promise<FilesInSight | undefined> {
    const image = this.#image;
    const reading = image && (await this.#source.soFar(image));
    return reading && { image, tree: reading.tree, reading };
  }

  /** Passes on, at a calm pace, that something was read. */
  async #hear(): Promise<void> {
    if (this.#busy || this.#timer || this.#patient) return;
    this.#busy = true;
    const found = (await this.#soFar())?.reading?.found;
    this.#busy = false;
    if (found === undefined || this.#outcome) return;
    this.#begun.resolve();
    const pace = Math.min(SLOWEST, PACE + found * PACE_PER_ENTRY);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.shown) this.#changed();
    }, pace);
  }
}
