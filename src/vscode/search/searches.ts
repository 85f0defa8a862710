import type * as vscode from 'vscode';
import type { Pulls } from '../images/pulls.ts';
import type { Services } from '../features.ts';
import type { SearchView } from './searchView.ts';

/** Makes the Search view when somebody searches for the first time: until then it is not shown, and its code is not loaded. */
export class Searches implements vscode.Disposable {
  readonly #services: Services;
  readonly #pulls: Pulls;
  #made: Promise<SearchView> | undefined;

  constructor(services: Services, pulls: Pulls) {
    this.#services = services;
    this.#pulls = pulls;
  }

  view(): Promise<SearchView> {
    this.#made ??= import('./searchView.ts').then(({ SearchView: View }) => new View(this.#services, this.#pulls));
    return this.#made;
  }

  dispose(): void {
    void this.#made?.then(view => view.dispose());
  }
}
