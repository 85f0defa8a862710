import * as vscode from 'vscode';
import { describeFailure } from '../common/failures.ts';
import { CONTEXTS, VIEWS } from '../common/ids.ts';
import type { SearchNeeds } from './runSearch.ts';
import { SearchRoot } from './searchRoot.ts';
import { NodeTree } from '../tree/nodeTree.ts';
import { TreeChanges } from '../tree/treeChanges.ts';
import type { TreeNode } from '../tree/treeNode.ts';
import { SearchRun, type SearchPlace, type SearchTerms } from './searchRun.ts';
import type { FoundMatch } from './searchTypes.ts';

/** Milliseconds between two updates of the view; more when there are many rows to redraw. */
const PAUSE = 250;
const LONG_PAUSE = 1500;
const MANY = 500;

/** The Search view, which shows one search during and after its run. */
export class SearchView implements vscode.Disposable {
  readonly #needs: SearchNeeds;
  readonly #changes = new TreeChanges();
  readonly #root: SearchRoot;
  readonly #tree: NodeTree;
  readonly #view: vscode.TreeView<TreeNode>;
  #run: SearchRun | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(needs: SearchNeeds) {
    this.#needs = needs;
    this.#root = new SearchRoot(() => void this.again());
    this.#tree = new NodeTree(this.#root, this.#changes);
    this.#view = vscode.window.createTreeView(VIEWS.search, { treeDataProvider: this.#tree, showCollapseAll: true });
  }

  /**
   * Searches, shows matches as they are found, and returns all of them. Failures are thrown, and
   * shown as well. A layer that can't be searched has a row, which only the user sees; other
   * callers get a {@link LayersNotSearchedError}.
   * @param most ends the search after this many matches
   * @param focus started from the UI: shows the view, and cancels the search that is still running
   */
  async search(place: SearchPlace, terms: SearchTerms, most: number, focus: boolean): Promise<readonly FoundMatch[]> {
    if (focus) this.cancel();
    const run: SearchRun = new SearchRun(place, terms, most, () => this.#refreshSoon(run));
    this.#run = run;
    this.#root.run = run;
    await vscode.commands.executeCommand('setContext', CONTEXTS.hasSearch, true);
    this.#refresh();
    if (focus) await vscode.commands.executeCommand(`${VIEWS.search}.focus`);
    try {
      const { runSearch } = await import('./runSearch.ts');
      const work = runSearch(run, this.#needs);
      await vscode.window.withProgress({ location: { viewId: VIEWS.search } }, () => work.catch(() => undefined));
      run.end(await work);
    } catch (error) {
      run.fail(error);
      throw error;
    } finally {
      for (const { layer, error } of run.failures)
        this.#needs.log.warn(`Layer ${layer} was not searched: ${describeFailure(error).message}`);
      if (this.#run === run) this.#refresh();
    }
    return focus ? run.matches() : run.allMatches();
  }

  /** Repeats the search that is shown. */
  async again(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    await this.search(run.place, run.terms, run.most, true).catch((error: unknown) => {
      // The view shows it.
      this.#needs.log.debug(`The search ended: ${String(error)}`);
    });
  }

  /** Cancels the search that is shown. Its matches stay. */
  cancel(): void {
    this.#run?.cancel();
  }

  /** Clears the view. */
  clear(): void {
    this.cancel();
    this.#run = undefined;
    this.#root.run = undefined;
    this.#refresh();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#run?.cancel();
    this.#view.dispose();
    this.#tree.dispose();
  }

  #refreshSoon(run: SearchRun): void {
    if (this.#run !== run || this.#timer) return;
    const pause = run.files.length > MANY ? LONG_PAUSE : PAUSE;
    this.#timer = setTimeout(() => this.#refresh(), pause);
  }

  #refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const searching = this.#run?.state === 'running';
    void vscode.commands.executeCommand('setContext', CONTEXTS.searching, searching);
    this.#view.description = this.#run ? this.#run.terms.text.slice(0, 60) : '';
    this.#changes.fire();
  }
}
