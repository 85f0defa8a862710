/**
 * Makes an address fit for messages and logs: without user, password, query and fragment, which may
 * contain secrets.
 */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return '(not a valid address)';
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname}${search === '' ? '' : '?…'}`;
}

/** Makes a server's text fit for a line of a message: shortened, and without control characters. */
export function quoteFromServer(text: string, longest = 200): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
