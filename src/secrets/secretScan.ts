import { ANY_FORM, FILE_FORMS, type SecretForm } from './secretForms.ts';
import { namedFile } from './namedFiles.ts';

/** Something in a file that looks like a secret: what and where, never the secret itself. */
export interface Suspect {
  readonly what: string;
  /** From 1. */
  readonly line: number;
}

/** Files of other sizes are searched only if their names suggest secrets. Bytes. */
const SMALLEST = 12;
const LARGEST = 1 << 20;
/** Bytes searched of each file, from its start. */
const HEAD = 64 << 10;
/** A file with a NUL in its first bytes is binary. */
const PROBE = 512;
/** Suspects reported of each file at most. */
const MOST = 5;

/** Manuals, headers, translations and lists of checksums: a lot of text without secrets. */
const DULL =
  /^(?:usr\/(?:include|share\/(?:doc|man|info|locale|i18n|zoneinfo|terminfo|icons|fonts|mime|perl|vim))|var\/lib\/dpkg\/info)\//;

const NONE: readonly Suspect[] = [];

/** Looks for secrets at the start of small text files, one file of a layer after another. */
export class SecretScan {
  readonly #head = Buffer.allocUnsafe(HEAD);
  #path = '';
  #wanted = 0;
  #length = 0;

  /** Starts a file. @param path as the archive writes it */
  begin(path: string, size: number): void {
    const plain = path.replace(/^(?:\.?\/)+/, '');
    this.#length = 0;
    this.#path = plain;
    this.#wanted = size === 0 || DULL.test(plain) ? 0 : Math.min(size, HEAD);
    if (this.#wanted > 0 && (size < SMALLEST || size > LARGEST) && !namedFile(plain)) this.#wanted = 0;
  }

  /** Takes the next bytes of the file. */
  data(chunk: Uint8Array): void {
    if (this.#wanted === this.#length) return;
    if (this.#length === 0 && chunk.subarray(0, PROBE).includes(0) && !namedFile(this.#path)?.binary) this.#wanted = 0;
    const part = chunk.subarray(0, this.#wanted - this.#length);
    this.#head.set(part, this.#length);
    this.#length += part.length;
  }

  /** Ends the file. */
  end(): readonly Suspect[] {
    if (this.#length === 0) return NONE;
    const text = this.#head.toString('latin1', 0, this.#length);
    this.#wanted = this.#length = 0;
    return suspectsIn(this.#path, text);
  }
}

/** Returns suspects ordered by line. @param path without a leading slash */
export function suspectsIn(path: string, text: string): readonly Suspect[] {
  const forms = [...(ANY_FORM.test(text) ? FILE_FORMS : []), ...(namedFile(path)?.forms ?? [])];
  if (forms.length === 0) return NONE;
  const found = forms.flatMap(([what, find]) => {
    const index = firstIndex(text, find);
    return index === undefined ? [] : [{ what, line: lineOf(text, index) }];
  });
  return found.sort((one, other) => one.line - other.line).slice(0, MOST);
}

/** Returns where the first secret of a form starts, without the line ends before it. */
function firstIndex(text: string, find: SecretForm[1]): number | undefined {
  if (typeof find === 'function') return find(text);
  const [first] = text.matchAll(find);
  return first && first.index + first[0].length - first[0].trimStart().length;
}

/** Counts lines as the editor does. */
function lineOf(text: string, index: number): number {
  return 1 + (text.slice(0, index).match(/\r\n|\r|\n/g)?.length ?? 0);
}
