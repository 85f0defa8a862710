import { dockerfileLines, wordsOf, type Instruction, type Word } from './dockerfileLines.ts';
import { imageNameOf, type ImageName } from './imageName.ts';
import { expand } from './variables.ts';

/** Names that stand for no image (Dockerfile reference, FROM and COPY). */
const RESERVED: ReadonlySet<string> = new Set(['scratch', 'context']);

/** Finds the images that a Dockerfile names: bases, `COPY --from`, `RUN --mount`, `# syntax`. */
export function dockerfileNames(text: string): ImageName[] {
  const { directives, escape, instructions } = dockerfileLines(text);
  const names = directives
    .filter(({ key }) => key === 'syntax')
    .map(({ value, start }) =>
      imageNameOf({ spans: [{ start, end: start + value.length }], written: value, value, exact: true }),
    );
  const stages = new Stages(escape);
  for (const instruction of instructions) names.push(...stages.read(instruction));
  return names;
}

/** What the instructions so far have defined: arguments before the first FROM, and stages. */
class Stages {
  readonly #escape: '\\' | '`';
  readonly #arguments = new Map<string, string>();
  readonly #names = new Set<string>();
  #begun = false;

  constructor(escape: '\\' | '`') {
    this.#escape = escape;
  }

  read(instruction: Instruction): ImageName[] {
    switch (instruction.keyword) {
      case 'ARG':
        if (!this.#begun) this.#define(instruction);
        return [];
      case 'FROM':
        return this.#from(instruction);
      case 'COPY':
        return flagsOf(instruction.text).flatMap(flag => this.#option(instruction, flag, '--from='));
      case 'RUN':
        return flagsOf(instruction.text)
          .filter(({ text }) => text.startsWith('--mount='))
          .flatMap(flag => optionsOf(flag).flatMap(option => this.#option(instruction, option, 'from=')));
      default:
        return [];
    }
  }

  #define({ text }: Instruction): void {
    for (const word of wordsOf(text)) {
      const [, name = '', value] = /^(\w+)=([^]*)$/.exec(word.text) ?? [];
      const expanded = value === undefined ? undefined : this.#expand(unquoted(value));
      if (expanded === undefined) this.#arguments.delete(name || word.text);
      else this.#arguments.set(name, expanded);
    }
  }

  #from(instruction: Instruction): ImageName[] {
    this.#begun = true;
    const words = wordsOf(instruction.text);
    const flags = flagsOf(instruction.text);
    const [name, as, stage] = words.slice(flags.length);
    const platform = flags
      .find(({ text }) => /^--platform=[a-z0-9/_.-]+$/.test(text))
      ?.text.slice('--platform='.length);
    const image = name ?? emptyWord(instruction.text);
    const found = image ? this.#name(instruction, image, true, platform) : [];
    // Counts only from here on: `FROM nginx AS nginx` is the image.
    if (stage && as?.text.toUpperCase() === 'AS') this.#names.add(stage.text.toLowerCase());
    return found;
  }

  #option(instruction: Instruction, word: Word, key: string): ImageName[] {
    if (!word.text.startsWith(key)) return [];
    const value = { text: word.text.slice(key.length), start: word.start + key.length };
    return /^\d+$/.test(value.text) ? [] : this.#name(instruction, value, false, undefined);
  }

  /** @param expands whether variables count here; BuildKit refuses them elsewhere */
  #name({ offsetOf }: Instruction, word: Word, expands: boolean, platform: string | undefined): ImageName[] {
    const written = unquoted(word.text);
    const quote = written === word.text ? 0 : 1;
    const value = expands ? this.#expand(written) : written.includes('$') ? undefined : written;
    const stage = (value ?? written).toLowerCase();
    if (this.#names.has(stage) || RESERVED.has(stage)) return [];
    const start = offsetOf(word.start + quote);
    const end = written === '' ? start : offsetOf(word.start + quote + written.length - 1) + 1;
    const exact = end - start === written.length;
    return [imageNameOf({ spans: [{ start, end }], written, value, exact, platform })];
  }

  #expand(text: string): string | undefined {
    return expand(text, name => this.#arguments.get(name), this.#escape);
  }
}

/** The words of flags before the first other one. */
function flagsOf(text: string): Word[] {
  if (!/^\s*--/.test(text)) return [];
  const words = wordsOf(text);
  const first = words.findIndex(word => !word.text.startsWith('--'));
  return first < 0 ? words : words.slice(0, first);
}

/** The comma-separated options of `--mount=…`. */
function optionsOf({ text, start }: Word): Word[] {
  const begin = '--mount='.length;
  return [...text.slice(begin).matchAll(/[^,]+/g)].map(match => ({
    text: match[0],
    start: start + begin + match.index,
  }));
}

/** The place where a name is about to be typed. */
function emptyWord(text: string): Word | undefined {
  return /\s$/.test(text) ? { text: '', start: text.length } : undefined;
}

function unquoted(text: string): string {
  return /^(["'])[^]*\1$/.test(text) && text.length > 1 ? text.slice(1, -1) : text;
}
