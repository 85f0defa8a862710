/** The target of the `rel="next"` link in a `Link` header (RFC 8288), as it is written there; undefined when there is none. */
export function nextLink(header: string | readonly string[] | undefined): string | undefined {
  const lines = header === undefined ? [] : typeof header === 'string' ? [header] : header;
  for (const line of lines) {
    for (const [, target, parameters = ''] of line.matchAll(
      /<([^>]*)>((?:\s*;\s*[^\s=;,]+\s*(?:=\s*(?:"[^"]*"|[^\s",;]*))?)*)/g,
    )) {
      const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]*))/i.exec(parameters);
      const names = (relation?.[1] ?? relation?.[2] ?? '').toLowerCase().split(/\s+/);
      if (names.includes('next')) return target;
    }
  }
  return undefined;
}
