/** HTML that was built by {@link html}, safe to put into a page. */
export class Html {
  readonly text: string;
  /** @param text markup of our own, with all else escaped already */
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: texts and numbers are escaped, HTML is put in as it is, nothing is put in for what is not there. */
type Value = string | number | Html | readonly Html[] | undefined | false;

/** A template whose values cannot become markup, whatever an image says. */
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
