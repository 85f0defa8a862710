import type { Locator } from 'playwright-core';
import { clean, escape, WorkbenchPage } from './workbenchPage.ts';

/** The sidebar of a window: its views, their rows and menus. */
export class WorkbenchSidebar extends WorkbenchPage {
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
}
