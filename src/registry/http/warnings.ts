/**
 * Returns the texts of `Warning: 299 - "text"` headers, a registry's notices to users
 * (distribution-spec, "Warnings"). Other codes come from HTTP caches and are left out.
 */
export function parseWarnings(header: string | readonly string[] | undefined): string[] {
  const lines = header === undefined ? [] : typeof header === 'string' ? [header] : header;
  return lines.flatMap(line =>
    [...line.matchAll(/(?:^|,)\s*299\s+\S+\s+"((?:[^"\\]|\\.)*)"/g)].map(match =>
      (match[1] ?? '').replaceAll(/\\(.)/g, '$1'),
    ),
  );
}
