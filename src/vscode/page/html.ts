/** HTML built by {@link html}, safe to put into a page. */
export class Html {
  readonly text: string;
  /** @param text markup of our own, everything else already escaped */
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * A template's value: strings and numbers are escaped, HTML is inserted as is, an absent value
 * inserts nothing.
 */
type Value = string | number | Html | readonly Html[] | undefined | false;

/** Builds HTML from a template whose values can't become markup, whatever an image contains. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.reduce((text, part, at) => text + valueOf(values[at - 1]) + part));
}

function valueOf(value: Value): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return escape(String(value));
}

function escape(text: string): string {
  return text.replace(/[&<>"'`]/g, character => `&#${character.codePointAt(0)};`);
}
