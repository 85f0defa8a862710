import type { Disposable, Event } from 'vscode';
import type { MergedTree } from '../../browse/tree/mergedTree.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { FilesSoFar } from '../files/openingTree.ts';

/** Files as rows show them. */
export interface KnownFiles {
  readonly image: ResolvedImage;
  readonly tree: MergedTree;
  /** Present while layers are still being read; the tree has what was found so far. */
  readonly reading?: FilesSoFar;
}

/** Opens an image's files. */
export interface FilesSource {
  resolve(signal: AbortSignal): Promise<ResolvedImage>;
  whole(image: ResolvedImage, signal: AbortSignal): Promise<MergedTree>;
  /** What is known while `whole` is running; `undefined` if nothing is being read. */
  soFar(image: ResolvedImage): Promise<FilesSoFar | undefined>;
  readonly onDidRead: Event<void>;
}

/** The user stopped reading layers. */
export class ReadingStoppedError extends Error {
  constructor() {
    super('Reading was stopped. Try again to continue from there.');
    this.name = 'ReadingStoppedError';
  }
}

/**
 * The least time between two redraws, in milliseconds, plus a part for each entry, up to the most.
 */
const INTERVAL = 400;
const INTERVAL_PER_ENTRY = 0.01;
const LONGEST_INTERVAL = 3000;
/** Files that are complete this soon are shown at once. Milliseconds. */
const GRACE = 300;

type Outcome = { readonly known: KnownFiles } | { readonly error: unknown };

/**
 * Shows an image's files while they are being found, then completely, and reports every change. A
 * failure after something was shown stays until {@link reset}, so that unverified files are not
 * mistaken for the image's.
 */
export class WatchedFiles {
  readonly #source: FilesSource;
  readonly #changed: () => void;
  #opening: Opening | undefined;

  /** @param changed called when there is more or something else to show */
  constructor(source: FilesSource, changed: () => void) {
    this.#source = source;
    this.#changed = changed;
  }

  /** The files known now; opens them if necessary. @throws what opening them throws */
  async look(): Promise<KnownFiles> {
    const opening = this.#opened();
    const seen = await opening.look();
    if ('known' in seen) return seen.known;
    // Nothing was shown yet, so the next call may try again.
    if (!opening.shown && this.#opening === opening) this.#opening = undefined;
    throw seen.error;
  }

  /** Waits until everything is read or has failed; the next {@link look} reports which. */
  async whole(): Promise<void> {
    await this.#opened().ended;
  }

  /** Stops reading; the next {@link look} throws {@link ReadingStoppedError}. */
  stop(): void {
    this.#opening?.end(new ReadingStoppedError());
  }

  /** Forgets everything and aborts running work. */
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

/** Files from the first look until they are complete. */
class Opening {
  /** Less than the whole was shown. */
  shown = false;
  readonly #source: FilesSource;
  readonly #changed: () => void;
  readonly #controller = new AbortController();
  /** Resolved once there is something to show, or an outcome. */
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
    void this.#notify();
  }, GRACE);

  constructor(source: FilesSource, changed: () => void) {
    this.#source = source;
    this.#changed = changed;
    this.#subscription = source.onDidRead(() => void this.#notify());
    void this.#open();
  }

  async look(): Promise<Outcome> {
    await this.#begun.promise;
    const known = this.#outcome ? undefined : await this.#soFar();
    if (known && !this.#outcome) {
      this.shown = true;
      return { known };
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
      // Another caller may be reading the files already, and its next progress may take a while.
      void this.#notify();
      return { known: { image, tree: await whole } };
    } catch (error) {
      return { error };
    }
  }

  async #soFar(): Promise<KnownFiles | undefined> {
    const image = this.#image;
    const reading = image && (await this.#source.soFar(image));
    return reading && { image, tree: reading.tree, reading };
  }

  /** Passes on, at a limited rate, that something was read. */
  async #notify(): Promise<void> {
    if (this.#busy || this.#timer || this.#patient) return;
    this.#busy = true;
    const found = (await this.#soFar())?.reading?.found;
    this.#busy = false;
    if (found === undefined || this.#outcome) return;
    this.#begun.resolve();
    const interval = Math.min(LONGEST_INTERVAL, INTERVAL + found * INTERVAL_PER_ENTRY);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.shown) this.#changed();
    }, interval);
  }
}
