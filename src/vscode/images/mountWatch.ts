import { readFile } from 'node:fs/promises';
import type { Disposable } from 'vscode';

/** The kernel's own list of what is mounted (proc(5)); Linux only. */
const MOUNTS = '/proc/self/mountinfo';
const EVERY_MS = 2_000;

/**
 * Tells when something was mounted or unmounted by whomever: in a terminal, by another program. Node cannot wait for the kernel's own signal (POLLPRI
 * on that file), so the file, a few kilobytes from memory, is compared now and then; only while somebody looks.
 */
export class MountWatch implements Disposable {
  readonly #changed: () => void;
  readonly #read: () => Promise<string>;
  #timer: NodeJS.Timeout | undefined;
  /** The list that what is shown was made of; `undefined` when that is not certain. */
  #shown: string | undefined;

  /** @param read gives the list of mounts; throws where there is none */
  constructor(changed: () => void, read: () => Promise<string> = () => readFile(MOUNTS, 'utf8')) {
    this.#changed = changed;
    this.#read = read;
  }

  /** Begins to look, or ends. What changed in between is told when looking begins again. */
  watch(looking: boolean): void {
    clearInterval(this.#timer);
    this.#timer = looking ? setInterval(() => void this.look(), EVERY_MS) : undefined;
    if (looking) void this.look();
  }

  /**
   * Does work that asks what is mounted and shows it. Only what this work saw counts as known: somebody who asks between two looks may see a mount that is
   * gone at the next one.
   */
  async whileShowing<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = await this.#list();
    const result = await work();
    const after = await this.#list();
    this.#shown = before === after ? after : undefined;
    return result;
  }

  /** Looks now, and tells when something is not as it was shown. */
  async look(): Promise<void> {
    const now = await this.#list();
    if (now === undefined) {
      this.watch(false);
      return;
    }
    if (now === this.#shown) return;
    // What is told now is shown soon; until then it is not told again.
    this.#shown = now;
    this.#changed();
  }

  dispose(): void {
    this.watch(false);
  }

  async #list(): Promise<string | undefined> {
    return this.#read().catch(() => undefined);
  }
}
