import { MarkdownString } from 'vscode';

/** One line of a tooltip; a value that is absent or empty leaves the line out. */
export type Fact = readonly [name: string, value: string | undefined];

/**
 * A tooltip of a title and named facts. Everything is added as text, never as Markdown, and the result is not trusted: what a registry sent can
 * neither make links nor run commands.
 */
export function tooltip(title: string, facts: readonly Fact[], code?: string): MarkdownString {
  const markdown = new MarkdownString('', false);
  markdown.isTrusted = false;
  markdown.supportHtml = false;
  markdown.appendMarkdown('**').appendText(title.slice(0, 500)).appendMarkdown('**');
  for (const [name, value] of facts) {
    if (!value) continue;
    markdown.appendMarkdown('\n\n').appendText(`${name}: `).appendText(value.slice(0, 2_000));
  }
  if (code) {
    markdown.appendMarkdown('\n').appendCodeblock(code.slice(0, 10_000), 'dockerfile');
  }
  return markdown;
}
