import { plainText } from '../common/text.ts';

/** Lines of plain text, in all at most `limit` characters, as {@link plainText} makes one: what an image says of itself, with its line breaks. */
export function plainLines(text: string, limit: number): string {
  const lines = text
    .slice(0, limit)
    .split(/\r\n|\r|\n/)
    .map(line => {
      const indent = /^[ \t]{0,40}/.exec(line)?.[0].replaceAll('\t', '    ') ?? '';
      return indent + plainText(line, limit);
    });
  const shown = lines.join('\n').trimEnd();
  return text.length > limit ? `${shown}…` : shown;
}

/** A long command with each of its steps on a line of its own, as people write them in a Dockerfile. */
export function readableInstruction(text: string): string {
  return text.length < 80 || text.includes('\n') ? text : text.replace(/ (&&|\|\|) /g, '\n    $1 ');
}
