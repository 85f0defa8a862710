import type { SearchRun } from './searchRun.ts';
import { FailureNode } from '../tree/failureNode.ts';
import { FoundFileNode } from './foundFileNode.ts';
import { InfoNode } from '../tree/infoNode.ts';
import type { TreeRoot } from '../tree/nodeTree.ts';
import { SearchSummaryNode } from './searchSummaryNode.ts';
import { plainText } from '../common/text.ts';
import type { TreeNode } from '../tree/treeNode.ts';

/** The Search view: the search's state, then each file with matches. */
export class SearchRoot implements TreeRoot {
  readonly prefix = 'search:';
  readonly #again: () => void;
  #run: SearchRun | undefined;
  /** Kept during a search, so that rows stay the same while more are added. */
  #files = new Map<string, FoundFileNode>();

  /** @param again repeats the search */
  constructor(again: () => void) {
    this.#again = again;
  }

  /** The search to show. */
  set run(run: SearchRun | undefined) {
    this.#run = run;
    this.#files = new Map();
  }

  async children(): Promise<readonly TreeNode[]> {
    const run = this.#run;
    if (!run) return [];
    const failed = run.state === 'failed' ? [new FailureNode(undefined, run.error, this.#again, this.prefix)] : [];
    return [new SearchSummaryNode(run, this.prefix), ...failed, ...layerFailures(run), ...this.#rows(run)];
  }

  refresh(): void {
    this.#again();
  }

  #rows(run: SearchRun): readonly TreeNode[] {
    return run.files.map(file => {
      const known = this.#files.get(file.path);
      const node = known ?? new FoundFileNode(run.place, file, this.prefix);
      this.#files.set(file.path, node);
      return node;
    });
  }
}

function layerFailures({ failures }: SearchRun): readonly TreeNode[] {
  return failures.map(({ layer, error }) => {
    const message = error instanceof Error ? error.message : String(error);
    const tooltip = `Files of layer ${layer} were not all searched: ${message}`;
    return new InfoNode(undefined, `Layer ${layer} was not searched`, {
      description: plainText(message, 160),
      tooltip,
      icon: 'warning',
    });
  });
}
