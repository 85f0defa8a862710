import { MarkdownString } from 'vscode';

/** One line of a tooltip; left out if the value is absent or empty. */
export type Fact = readonly [name: string, value: string | undefined];

/**
 * Builds a tooltip from a title and named facts. Everything is added as text, never as Markdown,
 * and the result is untrusted: a registry can't inject links or commands.
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
