import type { FrameLocator, Locator } from 'playwright-core';
import { clean, patience } from './workbenchPage.ts';
import { WorkbenchSidebar } from './workbenchSidebar.ts';

/** Returns the browser's stored state of open editors, as one string. */
const STORED_EDITORS = `(async () => {
  const found = [];
  for (const { name } of await indexedDB.databases()) {
    if (!name.startsWith('vscode-web-state-db-')) continue;
    const opened = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const value = await new Promise((resolve, reject) => {
      const request = opened.transaction('ItemTable').objectStore('ItemTable').get('memento/workbench.parts.editor');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    opened.close();
    found.push(String(value));
  }
  return found.join(' ');
})()`;

/**
 * One window of VS Code as the user sees it: what can be clicked and read. This class and
 * its base classes hold every selector of the UI tests; they work on VS Code 1.106 and 1.139.
 *
 * An unexpected error dialog fails the step that waits for something else.
 */
export class Workbench extends WorkbenchSidebar {
  /**
   * Opens the address of a folder (`http://…/?folder=…`) and waits until the Explorer shows its
   * files, which means that the extension host is running.
   */
  async open(address: string): Promise<void> {
    await this.page.goto(address, { timeout: 60_000 });
    await this.page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor({ timeout: 30_000 });
    // A palette opened before the extension is known never lists its commands.
    await this.container('Peel').waitFor({ timeout: 30_000 });
  }

  /**
   * Opens the address of a window without a folder (`http://…/?ew=true`), which shows no sidebar at
   * first.
   */
  async openEmpty(address: string): Promise<void> {
    await this.page.goto(address, { timeout: 60_000 });
    await this.page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    await this.page.locator('.activitybar').getByRole('tab', { name: /^Peel/ }).waitFor();
  }

  /**
   * Waits until the browser has stored that an editor with this title is open. VS Code stores it
   * when the window loses focus, and from time to time.
   */
  async untilStored(title: string): Promise<void> {
    // Strings, because the tests' types don't include the DOM.
    await this.page.evaluate("document.hasFocus = () => false; window.dispatchEvent(new Event('blur'))");
    await this.until(`${title} is stored`, async () => {
      const stored = await this.page.evaluate<string>(STORED_EDITORS);
      return stored.includes(title);
    });
  }

  /** Reloads the window, as `Developer: Reload Window` does. */
  async reload(): Promise<void> {
    await this.page.reload({ timeout: 60_000 });
    await this.page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    await this.page.locator('.sidebar .pane-body').first().waitFor();
  }

  // --- Command palette, quick picks, input boxes

  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget');
  }

  get quickInputBox(): Locator {
    return this.quickInput.locator('.quick-input-box input');
  }

  /**
   * Runs a command by its title in the palette, such as `Peel: Add Registry…`. A palette opened
   * before the extension is known never lists its commands, so this opens it again.
   */
  async command(title: string): Promise<void> {
    const entry = this.quickInput.locator('.monaco-list-row', {
      has: this.page.locator('.label-name', { hasText: title }),
    });
    await this.until(
      `the palette lists ${title}`,
      async () => {
        await this.page.keyboard.press('F1');
        try {
          await this.quickInputBox.fill(`>${title}`, { timeout: 5000 });
          await entry.first().click({ timeout: 5000 });
          return true;
        } catch {
          await this.page.keyboard.press('Escape');
          return false;
        }
      },
      3 * patience,
    );
  }

  /** Types into the input box whose title or placeholder matches, and accepts. */
  async answer(text: string, prompt?: string | RegExp): Promise<void> {
    await this.quickInputBox.waitFor({ state: 'visible' });
    if (prompt !== undefined) await this.expectPrompt(prompt);
    await this.quickInputBox.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /**
   * Waits until the open input box or quick pick shows this prompt (title, placeholder or the line
   * below).
   */
  async expectPrompt(prompt: string | RegExp): Promise<void> {
    const fits = (text: string) => (typeof prompt === 'string' ? text.includes(prompt) : prompt.test(text));
    await this.until(`a prompt like ${String(prompt)}`, async () => {
      const placeholder = await this.quickInputBox.getAttribute('placeholder').catch(() => null);
      return fits(clean(`${await this.quickInput.innerText()} ${placeholder ?? ''}`));
    });
  }

  /** Picks an entry of the open quick pick. */
  async pick(label: string | RegExp): Promise<void> {
    await this.quickInput.locator('.monaco-list-row', { hasText: label }).first().click();
  }

  /**
   * Types a path into the editor's own file dialog, and clicks its button once the dialog has found
   * the path.
   */
  async chooseFile(path: string, button: string): Promise<void> {
    const accept = this.quickInput.getByRole('button', { name: button });
    await accept.waitFor();
    // The dialog overwrites text typed before it has shown its start folder.
    await this.quickInput.locator('.monaco-list-row').first().waitFor();
    const row = this.quickInput.locator('.monaco-list-row', { hasText: path.slice(path.lastIndexOf('/') + 1) });
    await this.until(`the dialog offers ${path}`, async () => {
      if ((await this.quickInputBox.inputValue()) !== path) await this.quickInputBox.fill(path);
      return (await row.count()) > 0;
    });
    await accept.click();
  }

  /** Returns the entries of the open quick pick. */
  async picks(): Promise<string[]> {
    await this.quickInput.locator('.monaco-list-row').first().waitFor();
    return (await this.quickInput.locator('.monaco-list-row .label-name').allTextContents()).map(clean);
  }

  /** The validation message below the open input box. */
  get inputMessage(): Locator {
    return this.quickInput.locator('.quick-input-message');
  }

  // --- Notifications and dialogs

  /** Returns a notification in the corner; progress notifications count too. */
  toast(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-toast', { hasText: text });
  }

  /** Clicks a notification's button. */
  async clickToast(text: string | RegExp, button: string): Promise<void> {
    const toast = this.toast(text).first();
    await toast.waitFor();
    await toast.hover();
    await toast.getByRole('button', { name: button }).first().click();
  }

  /** Closes all notifications. */
  async clearToasts(): Promise<void> {
    await this.command('Notifications: Clear All Notifications');
    await this.page.locator('.notifications-toasts .notification-toast').first().waitFor({ state: 'detached' });
  }

  // --- Editors

  /** Returns the tab of an open editor. */
  tab(name: string): Locator {
    return this.page.locator('.tabs-container .tab', { hasText: name });
  }

  /** Returns the active editor's rendered text: VS Code renders only the visible lines. */
  async editorText(): Promise<string> {
    const lines = this.page
      .locator('.editor-group-container.active .monaco-editor .view-lines')
      .first()
      .locator('.view-line');
    await lines.first().waitFor();
    const texts = await lines.evaluateAll(found =>
      found
        .map(line => ({
          top: Number(/top:\s*([\d.]+)px/.exec(line.getAttribute('style') ?? '')?.[1] ?? 0),
          text: line.textContent ?? '',
        }))
        .sort((a, b) => a.top - b.top)
        .map(({ text }) => text),
    );
    return texts.join('\n').replaceAll('\u00a0', ' ');
  }

  /** Returns the folders and the name of the active editor's file, outermost first. */
  async breadcrumbs(): Promise<string[]> {
    const items = this.page.locator('.editor-group-container.active .monaco-breadcrumb-item');
    await items.first().waitFor();
    return (await items.allTextContents()).map(clean);
  }

  /** Waits until the active editor's text matches, and returns it. */
  async waitForEditor(pattern: RegExp): Promise<string> {
    return this.untilText(`an editor with ${pattern}`, pattern, () => this.editorText(), patience);
  }

  // --- Terminal

  /** Returns the visible lines of the active terminal. */
  async terminalText(): Promise<string> {
    const rows = await this.page
      .locator('.terminal-wrapper.active .xterm-rows')
      .first()
      .locator('> div')
      .allTextContents();
    return rows
      .map(row => row.replaceAll('\u00a0', ' ').trimEnd())
      .join('\n')
      .trimEnd();
  }

  /**
   * Waits until the active terminal's text matches, and returns all of it. A shell echoes what is
   * typed: match output on its own line (`/^DONE/m`).
   */
  async waitForTerminal(pattern: RegExp, milliseconds = 30_000): Promise<string> {
    return this.untilText(`a terminal with ${pattern}`, pattern, () => this.terminalText(), milliseconds);
  }

  /** Types a line into the active terminal. */
  async typeInTerminal(line: string): Promise<void> {
    await this.page.locator('.terminal-wrapper.active .xterm-helper-textarea').first().focus();
    await this.page.keyboard.type(line);
    await this.page.keyboard.press('Enter');
  }

  /** The content of the open webview, which is inside two frames. */
  get webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item', { hasText: text });
  }
}
