/** Header names in lower case. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Returns the first value of a header. */
export function headerOf(headers: HttpHeaders, name: string): string | undefined {
  return headerValues(headers[name])[0];
}

/** Returns all values of a header. */
export function headerValues(header: string | readonly string[] | undefined): readonly string[] {
  return typeof header === 'string' ? [header] : (header ?? []);
}

/**
 * Returns a header's value as text: some servers send UTF-8, of which HTTP clients read each byte
 * as a character.
 */
export function utf8Header(value: string): string {
  // Anything above Latin-1 was decoded already.
  if (/[\u0100-\uffff]/.test(value)) return value;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

/** The part of a blob in an answer (RFC 9110, 14.4). */
export interface ContentRange {
  readonly start: number;
  /** After the last byte. */
  readonly end: number;
  /** The whole length; undefined if the server sends `*`. */
  readonly total: number | undefined;
}

/** Reads `bytes 5-9/100`; undefined for anything else. */
export function parseContentRange(text: string | undefined): ContentRange | undefined {
  const match = /^\s*bytes[ =](\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)\s*$/i.exec(text ?? '');
  if (!match) return undefined;
  const start = Number(match[1]);
  const end = Number(match[2]) + 1;
  const total = match[3] === '*' ? undefined : Number(match[3]);
  return end <= start || (total !== undefined && end > total) ? undefined : { start, end, total };
}

/** Returns the target of a `Link` header's `rel="next"` link, as written (RFC 8288). */
export function nextLink(header: string | readonly string[] | undefined): string | undefined {
  for (const line of headerValues(header)) {
    for (const [, target, parameters = ''] of line.matchAll(
      /<([^>]*)>((?:\s*;\s*[^\s=;,]+\s*(?:=\s*(?:"[^"]*"|[^\s",;]*))?)*)/g,
    )) {
      const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]*))/i.exec(parameters);
      const names = (relation?.[1] ?? relation?.[2] ?? '').toLowerCase().split(/\s+/);
      if (names.includes('next')) return target && utf8Header(target);
    }
  }
  return undefined;
}

/**
 * Returns the texts of `Warning: 299 - "text"` headers, a registry's notices to users
 * (distribution-spec, "Warnings"). Other codes come from HTTP caches and are left out.
 */
export function parseWarnings(header: string | readonly string[] | undefined): string[] {
  return headerValues(header).flatMap(line =>
    [...line.matchAll(/(?:^|,)\s*299\s+\S+\s+"((?:[^"\\]|\\.)*)"/g)].map(match =>
      (match[1] ?? '').replaceAll(/\\(.)/g, '$1'),
    ),
  );
}
