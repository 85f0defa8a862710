import type * as vscode from 'vscode';
import type { SearchNeeds } from './runSearch.ts';
import type { SearchView } from './searchView.ts';

/** Creates the Search view at the first search. Its code isn't loaded until then. */
export class Searches implements vscode.Disposable {
  readonly #needs: SearchNeeds;
  #made: Promise<SearchView> | undefined;

  constructor(needs: SearchNeeds) {
    this.#needs = needs;
  }

  view(): Promise<SearchView> {
    this.#made ??= import('./searchView.ts').then(({ SearchView: View }) => new View(this.#needs));
    return this.#made;
  }

  dispose(): void {
    void this.#made?.then(view => view.dispose());
  }
}
