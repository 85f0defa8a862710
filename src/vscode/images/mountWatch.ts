import { readFile } from 'node:fs/promises';
import type { Disposable } from 'vscode';

/** The kernel's list of mounts (proc(5)); Linux only. */
const MOUNTS = '/proc/self/mountinfo';
const EVERY_MS = 2_000;

/**
 * Notices mounts and unmounts by anyone, such as a terminal or another program. Node can't wait for
 * the kernel's notification (POLLPRI on that file), so the file, a few kilobytes from memory, is
 * polled while the view is visible.
 */
export class MountWatch implements Disposable {
  readonly #changed: () => void;
  readonly #read: () => Promise<string>;
  #timer: NodeJS.Timeout | undefined;
  /** The list that the view was drawn from; `undefined` if uncertain. */
  #shown: string | undefined;

  /** @param read returns the list of mounts; throws if the system has none */
  constructor(changed: () => void, read: () => Promise<string> = () => readFile(MOUNTS, 'utf8')) {
    this.#changed = changed;
    this.#read = read;
  }

  /** Starts or stops polling. Changes in between are noticed when polling starts again. */
  watch(looking: boolean): void {
    clearInterval(this.#timer);
    this.#timer = looking ? setInterval(() => void this.look(), EVERY_MS) : undefined;
    if (looking) void this.look();
  }

  /**
   * Runs work that reads the mounts and shows them. Only the mounts seen by this work count as
   * shown: a reader between two polls may see a mount that is gone by the next one.
   */
  async whileShowing<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = await this.#list();
    const result = await work();
    const after = await this.#list();
    this.#shown = before === after ? after : undefined;
    return result;
  }

  /** Polls once, and reports a list that differs from the shown one. */
  async look(): Promise<void> {
    const now = await this.#list();
    if (now === undefined) {
      this.watch(false);
      return;
    }
    if (now === this.#shown) return;
    // The view is about to show this list, so it is reported only once.
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
