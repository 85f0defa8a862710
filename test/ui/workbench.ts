import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { outFolder } from '../rig/paths.ts';

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

/** How long a user would wait for a reaction, in milliseconds. */
const patience = 20_000;

/**
 * One window of VS Code as the user sees it: what can be clicked and read. This file holds every
 * selector of the UI tests; they work on VS Code 1.106 and 1.139.
 *
 * An unexpected error dialog fails the step that waits for something else.
 */
export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(patience);
  }

  /**
   * Opens the address of a folder (`http://…/?folder=…`) and waits until the Explorer shows its
   * files, which means that the extension host is running.
   */
  async open(address: string): Promise<void> {
    await this.page.goto(address);
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
    await this.page.goto(address);
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
    await this.page.reload();
    await this.page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    await this.page.locator('.sidebar .pane-body').first().waitFor();
  }

  // --- Sidebar and trees

  /** Shows a view container (`Peel`, `Explorer`) in the sidebar. */
  async showSidebar(title: string): Promise<void> {
    const item = this.container(title);
    await item.waitFor();
    if ((await item.getAttribute('aria-selected')) !== 'true') await item.click();
    // A tooltip would cover the first rows.
    await this.page.mouse.move(640, 400);
  }

  /** Returns the icon of a view container in the activity bar. */
  container(title: string): Locator {
    return this.page.locator('.activitybar').getByRole('tab', { name: new RegExp(`^${escape(title)}`) });
  }

  /** Drags the sidebar's edge to the right by a number of pixels. */
  async widenSidebar(by: number): Promise<void> {
    const box = await this.page.locator('.part.sidebar').boundingBox();
    if (!box) throw new Error('The sidebar is not shown.');
    const edge = { x: box.x + box.width + 1, y: box.y + box.height / 2 };
    await this.page.mouse.move(edge.x, edge.y);
    await this.page.mouse.down();
    await this.page.mouse.move(edge.x + by, edge.y, { steps: 4 });
    await this.page.mouse.up();
  }

  /** Returns a view of the sidebar (`Registries`) with its title bar. */
  view(name: string): Locator {
    const title = this.page.locator('.pane-header .title').getByText(name, { exact: true });
    return this.page.locator('.sidebar .pane').filter({ has: title });
  }

  /** Collapses a view of the sidebar, which leaves more room for the others. */
  async collapseView(name: string): Promise<void> {
    const header = this.view(name).locator('.pane-header');
    if ((await header.getAttribute('aria-expanded')) === 'true') await header.locator('.title').click();
  }

  /** Clicks an icon or an entry of the `…` menu in a view's title bar. */
  async viewAction(view: string, title: string): Promise<void> {
    const pane = this.view(view);
    await pane.locator('.pane-header').hover();
    const icon = pane.locator('.pane-header').getByRole('button', { name: title });
    if ((await icon.count()) > 0) return icon.first().click();
    await pane.locator('.pane-header').getByRole('button', { name: 'Views and More Actions...' }).click();
    await this.menuItem(title).click();
  }

  tree(view: string): Locator {
    return this.page.getByRole('tree', { name: view });
  }

  /**
   * Returns the rows of a tree whose label equals the string or matches the pattern, at any depth.
   */
  row(view: string, label: string | RegExp): Locator {
    const text = typeof label === 'string' ? new RegExp(`^${escape(label)}$`) : label;
    return this.tree(view)
      .locator('.monaco-list-row')
      .filter({ has: this.page.locator('.label-name', { hasText: text }) });
  }

  /** Returns label and description of the rendered rows, from top to bottom. */
  async rows(view: string): Promise<string[]> {
    const found = this.tree(view).locator('.monaco-list-row');
    const texts = await found.evaluateAll(rows =>
      rows
        .map(row => ({
          index: Number(row.getAttribute('data-index')),
          text: [...row.querySelectorAll('.label-name, .label-description')].map(part => part.textContent).join(' '),
        }))
        .sort((a, b) => a.index - b.index)
        .map(({ text }) => text),
    );
    return texts.map(clean);
  }

  /**
   * Returns the labels of the selected row and its ancestors, outermost first, as far as they are
   * rendered. Empty if no row is selected.
   */
  async selectedPath(view: string): Promise<string[]> {
    const found = await this.tree(view)
      .locator('.monaco-list-row')
      .evaluateAll(rows =>
        rows.map(row => ({
          index: Number(row.getAttribute('data-index')),
          level: Number(row.getAttribute('aria-level')),
          selected: row.classList.contains('selected'),
          label: row.querySelector('.label-name')?.textContent ?? '',
        })),
      );
    const selected = found.find(row => row.selected);
    if (!selected) return [];
    const path = [selected];
    for (const row of found.filter(({ index }) => index < selected.index).sort((a, b) => b.index - a.index)) {
      if (row.level < (path[0]?.level ?? 0)) path.unshift(row);
    }
    return path.map(({ label }) => clean(label));
  }

  /** Returns the welcome content of an empty view (`viewsWelcome`). */
  welcome(view: string): Locator {
    return this.view(view).locator('.welcome-view-content');
  }

  /**
   * Expands a row and waits for its children. A row that is redrawn meanwhile may lose a click, so
   * this clicks again.
   */
  async expand(view: string, label: string | RegExp): Promise<void> {
    const row = this.row(view, label).first();
    await row.waitFor();
    let lastTry = 0;
    await this.until(`${String(label)} is open`, async () => {
      if ((await row.locator('.codicon-tree-item-loading').count()) > 0) return false;
      if ((await row.getAttribute('aria-expanded')) === 'true') return true;
      if (Date.now() - lastTry > 2000) {
        // A mouse click would focus the tree, so that it receives the next keys.
        await this.tree(view).focus();
        // Checked again in the page at the moment of the click: the editor may have expanded the
        // row in the meantime, and the click would collapse it.
        await row.evaluate(element => {
          const twistie = element.querySelector('.monaco-tl-twistie') as { click(): void } | null;
          if (element.getAttribute('aria-expanded') !== 'true') twistie?.click();
        });
        lastTry = Date.now();
      }
      return false;
    });
  }

  /** Expands one row after another, each below the previous one. */
  async expandPath(view: string, ...labels: readonly (string | RegExp)[]): Promise<void> {
    for (const label of labels) await this.expand(view, label);
  }

  /** Picks an entry of a row's context menu. */
  async contextMenu(view: string, label: string | RegExp, ...entries: readonly string[]): Promise<void> {
    await this.row(view, label).first().click({ button: 'right' });
    for (const entry of entries.slice(0, -1)) await this.menuItem(entry).hover();
    const last = this.menuItem(entries.at(-1) ?? '');
    await last.click();
    // A menu ignores clicks in the moment after it opens, so this clicks again.
    await this.until('the menu is closed', async () => {
      if ((await last.count()) === 0) return true;
      await last.click({ timeout: 1000 }).catch(() => undefined);
      return false;
    });
  }

  /** Returns the titles in a row's context menu, and closes it. */
  async contextMenuEntries(view: string, label: string | RegExp): Promise<string[]> {
    await this.row(view, label).first().click({ button: 'right' });
    const items = this.page.locator('.monaco-menu .action-item:not(.disabled) .action-label:not(.separator)');
    await items.first().waitFor();
    const titles = (await items.allTextContents()).map(clean);
    await this.page.keyboard.press('Escape');
    return titles;
  }

  /**
   * Clicks an icon that a row shows on hover. A row that moves meanwhile is no longer under the
   * mouse, so this follows it.
   */
  async inlineAction(view: string, label: string | RegExp, title: string | RegExp): Promise<void> {
    const row = this.row(view, label).first();
    const button = row.locator('.actions').getByRole('button', { name: title });
    await row.waitFor();
    await this.until(`${String(title)} of ${String(label)} is clicked`, async () => {
      await row.hover({ timeout: 2000 }).catch(() => undefined);
      return button.click({ timeout: 2000 }).then(
        () => true,
        () => false,
      );
    });
  }

  /** Returns an entry of the open menu. */
  menuItem(title: string): Locator {
    return this.page.locator('.monaco-menu .action-menu-item').filter({ hasText: new RegExp(`^${escape(title)}`) });
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
    return this.#untilText(`an editor with ${pattern}`, pattern, () => this.editorText(), patience);
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
    return this.#untilText(`a terminal with ${pattern}`, pattern, () => this.terminalText(), milliseconds);
  }

  /** Types a line into the active terminal. */
  async typeInTerminal(line: string): Promise<void> {
    await this.page.locator('.terminal-wrapper.active .xterm-helper-textarea').first().focus();
    await this.page.keyboard.type(line);
    await this.page.keyboard.press('Enter');
  }

  // --- Rest

  /** The content of the open webview, which is inside two frames. */
  get webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item', { hasText: text });
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
      if (Date.now() > deadline) throw new Error(`Waited ${milliseconds / 1000} s in vain for ${what}.`);
      await sleep(50);
    }
  }

  async #untilText(what: string, pattern: RegExp, read: () => Promise<string>, milliseconds: number): Promise<string> {
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
      throw new Error(`${reason}\nWhat is there:\n${text}`, { cause });
    }
    return text;
  }
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function clean(text: string): string {
  return text.replaceAll('\u00a0', ' ').replaceAll(/\s+/g, ' ').trim();
}
