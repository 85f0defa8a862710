const INDENT = '  ';
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/**
 * Formats JSON with an indent of two spaces. Works on the text rather than its value, so that
 * order, number spelling and duplicate keys stay as the registry sent them. Returns invalid JSON
 * unchanged.
 */
export function prettyJson(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  const out: string[] = [];
  let level = 0;
  let before = '';
  const line = (): string => `\n${INDENT.repeat(level)}`;
  for (const [token] of text.matchAll(TOKENS)) {
    const closes = token === '}' || token === ']';
    const opened = before === '{' || before === '[';
    if (closes) level -= 1;
    if (closes !== opened || (before === ',' && !closes)) out.push(line());
    if (token === '{' || token === '[') level += 1;
    out.push(token === ':' ? ': ' : token);
    before = token;
  }
  return `${out.join('')}\n`;
}
