import { ANY_FORM, FILE_FORMS, NAMED_FORMS } from './secretForms.ts';

/** Something in a file that has the form of a secret: what, and where. Never the secret itself. */
export interface Suspect {
  readonly what: string;
  /** 1 is the first. */
  readonly line: number;
}

/** Files of other sizes are none that people write secrets into. */
const SMALLEST = 12;
const LARGEST = 1 << 20;
/** Of each file, so much of its beginning is looked at. */
const HEAD = 64 << 10;
/** What has a zero byte so near its beginning is no text. */
const PROBE = 512;
/** Of each file. */
const MOST = 5;

/** Manuals, headers, translations and lists of checksums: much text, and nobody's secrets. */
const DULL =
  /^(?:usr\/(?:include|share\/(?:doc|man|info|locale|i18n|zoneinfo|terminfo|icons|fonts|mime|perl|vim))|var\/lib\/dpkg\/info)\//;

/** Looks, file after file of one layer, at the beginning of small text files for what has the form of a secret. */
export class SecretScan {
  readonly #head = Buffer.allocUnsafe(HEAD);
  #path = '';
  #wanted = 0;
  #length = 0;

  /** A file begins. Its path as archives have it. */
  begin(path: string, size: number): void {
    const plain = path.replace(/^(?:\.?\/)+/, '');
    this.#length = 0;
    this.#path = plain;
    this.#wanted = size < SMALLEST || size > LARGEST || DULL.test(plain) ? 0 : Math.min(size, HEAD);
  }

  /** The next bytes of it. */
  data(chunk: Uint8Array): void {
    if (this.#wanted === this.#length) return;
    if (this.#length === 0 && chunk.subarray(0, PROBE).includes(0)) this.#wanted = 0;
    const part = chunk.subarray(0, this.#wanted - this.#length);
    this.#head.set(part, this.#length);
    this.#length += part.length;
  }

  /** The file is at its end. */
  end(): readonly Suspect[] {
    if (this.#length === 0) return NONE;
    const text = this.#head.toString('latin1', 0, this.#length);
    this.#wanted = this.#length = 0;
    return suspectsIn(this.#path, text);
  }
}

const NONE: readonly Suspect[] = [];

/** In the order of their lines. @param path without a slash before it */
export function suspectsIn(path: string, text: string): readonly Suspect[] {
  const forms = ANY_FORM.test(text) ? [...FILE_FORMS] : [];
  for (const [file, what, pattern] of NAMED_FORMS) if (file.test(path)) forms.push([what, pattern]);
  if (forms.length === 0) return NONE;
  const found = forms.flatMap(([what, pattern]) => {
    const [first] = text.matchAll(pattern);
    return first ? [{ what, line: lineOf(text, first.index + first[0].length - first[0].trimStart().length) }] : [];
  });
  return found.sort((one, other) => one.line - other.line).slice(0, MOST);
}

function lineOf(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
