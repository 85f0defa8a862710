/** A string has no safe form on a command line or in a terminal. */
export class UnquotableTextError extends Error {
  /** The string, with unprintable characters escaped. */
  readonly text: string;
  constructor(text: string) {
    const shown = JSON.stringify(text.slice(0, 200)).replace(
      // oxlint-disable-next-line no-control-regex -- these are what is looked for
      /[\u007f-\u009f]/g,
      character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    super(
      `${shown} has a line break or another control character in it, which cannot be shown in a terminal safely. ` +
        'Rename the folder, or choose another place for images (setting peel.imagesFolder).',
    );
    this.name = 'UnquotableTextError';
    this.text = shown;
  }
}

// oxlint-disable-next-line no-control-regex -- these are what is refused
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * Quotes a string as one word for a POSIX shell, so that nothing in it can become a command, an
 * expansion or a pattern.
 *
 * Refuses control characters, although a shell could take most of them, because the terminal also
 * shows the line, where they could hide what is run. Breaks up `${` (`'$''{'`), because VS Code
 * replaces `${env:…}` and `${command:…}` in a task's environment, even inside quotes.
 * @throws {UnquotableTextError}
 */
export function quote(text: string): string {
  if (CONTROL.test(text)) throw new UnquotableTextError(text);
  if (PLAIN.test(text)) return text;
  return `'${text.replaceAll("'", String.raw`'\''`).replaceAll('${', () => "$''{")}'`;
}

/** Quotes each word and joins them with spaces. @throws {UnquotableTextError} */
export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(' ');
}
