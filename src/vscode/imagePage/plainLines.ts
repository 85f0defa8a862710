import { plainText } from '../common/text.ts';

/** Makes a string of an image safe to show, like {@link plainText}, but keeps its line breaks. */
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

/** Puts each step of a long command on a line of its own, as in a Dockerfile. */
export function readableInstruction(text: string): string {
  return text.length < 80 || text.includes('\n') ? text : text.replace(/ (&&|\|\|) /g, '\n    $1 ');
}
