import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { outFolder } from '../rig/paths.ts';

/** How long a user would wait for a reaction, in milliseconds. */
export const patience = 20_000;

/** Waiting, dialogs and screenshots: what every part of a window needs. */
export class WorkbenchPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(patience);
  }

  get dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  /** Answers a modal dialog with this text. */
  async answerDialog(text: string | RegExp, button: string): Promise<void> {
    const dialog = this.dialog.filter({ hasText: text });
    await dialog.waitFor();
    await dialog.getByRole('button', { name: button }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  /** Saves a screenshot of the window as `out/screenshots/NAME.png`. Returns its path. */
  async screenshot(name: string): Promise<string> {
    const folder = join(outFolder, 'screenshots');
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${name}.png`);
    await this.page.screenshot({ path });
    return path;
  }

  /** Waits until a condition holds. An error dialog ends the wait at once. */
  async until(what: string, holds: () => Promise<boolean>, milliseconds = patience): Promise<void> {
    const deadline = Date.now() + milliseconds;
    while (!(await holds())) {
      if ((await this.dialog.locator('.codicon-dialog-error').count()) > 0) {
        throw new Error(`Waited for ${what}, but a dialog says: ${clean(await this.dialog.innerText())}`);
      }
      if (Date.now() > deadline) throw new Error(`Gave up after ${milliseconds / 1000} s waiting for ${what}.`);
      await sleep(50);
    }
  }

  /** Waits until a text matches, and returns it. */
  async untilText(what: string, pattern: RegExp, read: () => Promise<string>, milliseconds: number): Promise<string> {
    let text = '';
    try {
      await this.until(
        what,
        async () => {
          text = await read().catch(() => '');
          return pattern.test(text);
        },
        milliseconds,
      );
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${reason}\nIt shows:\n${text}`, { cause });
    }
    return text;
  }
}

/** Escapes a string for a regular expression. */
export function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** Returns text as the user sees it, with single spaces. */
export function clean(text: string): string {
  return text.replaceAll('\u00a0', ' ').replaceAll(/\s+/g, ' ').trim();
}
