import { env, window } from 'vscode';
import { plainText } from './text.ts';

/** How long the status bar says it, in ms. */
const SHOWN = 2000;

/**
 * Copies a string, and says so in the status bar.
 * @param what names it in the status bar; absent = the string itself
 */
export async function copyText(text: string, what = text): Promise<void> {
  await env.clipboard.writeText(text);
  // Icons are written `$(name)`, which copied names must not contain.
  window.setStatusBarMessage(`$(check) Copied ${plainText(what, 80).replaceAll('$(', '$ (')}`, SHOWN);
}
