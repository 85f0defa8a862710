/** An address fit for messages and logs: without user, password, query and fragment, where storage services and token servers keep secrets. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return '(no valid address)';
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname}${search === '' ? '' : '?…'}`;
}

/** A text from a server, fit for one line of a message: no control characters, cut. */
export function quoteFromServer(text: string, longest = 200): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
