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
  #timer: NodeJS.Timeout | undefined;
  #known: string | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Begins to look, or ends. What changed in between is told when looking begins again. */
  watch(looking: boolean): void {
    clearInterval(this.#timer);
    this.#timer = looking ? setInterval(() => void this.#compare(), EVERY_MS) : undefined;
    if (looking) void this.#compare();
  }

  dispose(): void {
    this.watch(false);
  }

  async #compare(): Promise<void> {
    const now = await readFile(MOUNTS, 'utf8').catch(() => undefined);
    if (now === undefined) {
      this.watch(false);
      return;
    }
    const before = this.#known;
    this.#known = now;
    if (before !== undefined && before !== now) this.#changed();
  }
}
