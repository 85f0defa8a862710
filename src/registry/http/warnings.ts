/**
 * The texts of `Warning: 299 - "text"` headers, which registries use for notices to people (distribution-spec, "Warnings"). Other codes are of
 * HTTP caches and are left out.
 */
export function parseWarnings(header: string | readonly string[] | undefined): string[] {
  const lines = header === undefined ? [] : typeof header === 'string' ? [header] : header;
  return lines.flatMap(line =>
    [...line.matchAll(/(?:^|,)\s*299\s+\S+\s+"((?:[^"\\]|\\.)*)"/g)].map(match =>
      (match[1] ?? '').replaceAll(/\\(.)/g, '$1'),
    ),
  );
}
