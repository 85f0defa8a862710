/** More headers than any linker writes. */
const MOST_HEADERS = 10_000;
const LOADED = 1;
const WRITABLE = 2;
const EXECUTABLE = 1;

/** The parts of an executable of Linux and most other systems (ELF, "gABI" chapters 4 and 5). */
export class Elf {
  readonly #file: Buffer;
  readonly #wide: boolean;
  readonly #little: boolean;

  private constructor(file: Buffer) {
    this.#file = file;
    this.#wide = file[4] === 2;
    this.#little = file[5] === 1;
  }

  /** Returns `undefined` for another kind of file. */
  static of(file: Buffer): Elf | undefined {
    return isElf(file) && file.length >= 64 ? new Elf(file) : undefined;
  }

  /** Returns a section's content; `undefined` if the file doesn't have it, or is damaged. */
  section(name: string): Buffer | undefined {
    const [at, size, count] = this.#wide
      ? [this.#word(40), this.#half(58), this.#half(60)]
      : [this.#word(32), this.#half(46), this.#half(48)];
    const names = this.#sectionAt(at + size * this.#half(this.#wide ? 62 : 50));
    for (let index = 0; index < Math.min(count, MOST_HEADERS); index++) {
      const start = at + size * index;
      const from = this.#int(start);
      const title = names?.toString('latin1', from, from + name.length + 1);
      if (title === `${name}\0`) return this.#sectionAt(start);
    }
    return undefined;
  }

  /** Returns the bytes of the first data segment. */
  data(): Buffer | undefined {
    const [at, size, count] = this.#wide
      ? [this.#word(32), this.#half(54), this.#half(56)]
      : [this.#word(28), this.#half(42), this.#half(44)];
    for (let index = 0; index < Math.min(count, MOST_HEADERS); index++) {
      const bytes = this.#dataAt(at + size * index);
      if (bytes) return bytes;
    }
    return undefined;
  }

  #sectionAt(start: number): Buffer | undefined {
    const [offset, size] = this.#wide
      ? [this.#word(start + 24), this.#word(start + 32)]
      : [this.#word(start + 16), this.#word(start + 20)];
    return this.#part(offset, size);
  }

  /** Returns the bytes of a segment that is writable and not executable. */
  #dataAt(start: number): Buffer | undefined {
    if (this.#int(start) !== LOADED) return undefined;
    const [flags, offset, size] = this.#wide
      ? [this.#int(start + 4), this.#word(start + 8), this.#word(start + 32)]
      : [this.#int(start + 24), this.#word(start + 4), this.#word(start + 16)];
    return (flags & WRITABLE) !== 0 && (flags & EXECUTABLE) === 0 ? this.#part(offset, size) : undefined;
  }

  #part(offset: number, size: number): Buffer | undefined {
    return size > 0 && offset + size <= this.#file.length ? this.#file.subarray(offset, offset + size) : undefined;
  }

  // A number beyond the end of the file reads as 0.

  #half(at: number): number {
    if (at + 2 > this.#file.length) return 0;
    return this.#little ? this.#file.readUInt16LE(at) : this.#file.readUInt16BE(at);
  }

  #int(at: number): number {
    if (at + 4 > this.#file.length) return 0;
    return this.#little ? this.#file.readUInt32LE(at) : this.#file.readUInt32BE(at);
  }

  #word(at: number): number {
    if (!this.#wide) return this.#int(at);
    if (at + 8 > this.#file.length) return 0;
    return Number(this.#little ? this.#file.readBigUInt64LE(at) : this.#file.readBigUInt64BE(at));
  }
}

function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/** Whether a file that starts like this is an executable of Linux or Windows. */
export function isExecutable(head: Uint8Array): boolean {
  return isElf(head) || (head[0] === 0x4d && head[1] === 0x5a);
}
