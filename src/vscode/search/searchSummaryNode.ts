import { ThemeIcon, TreeItem } from 'vscode';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import type { CommandArgument } from '../common/argument.ts';
import { COMMANDS } from '../common/ids.ts';
import type { SearchPlace, SearchRun, SearchTerms } from './searchRun.ts';
import { count, dotted, grouped, plainText } from '../common/text.ts';
import { tooltip } from '../tree/tooltip.ts';
import type { TreeNode } from '../tree/treeNode.ts';

/** Returns a command's argument for the place that was searched. */
export function argumentOfPlace({ image, layer, path }: SearchPlace): CommandArgument {
  return {
    reference: formatReference({ ...image.reference, digest: image.manifestDigest }),
    platform: formatPlatform(image.platform),
    path,
    ...(layer === undefined ? {} : { layer }),
  };
}

/** The first row of the Search view: query, results and progress. A click edits the search. */
export class SearchSummaryNode implements TreeNode {
  readonly id: string;
  readonly parent = undefined;
  readonly argument: CommandArgument;
  readonly #run: SearchRun;

  constructor(run: SearchRun, prefix: string) {
    this.id = `${prefix}summary`;
    this.argument = argumentOfPlace(run.place);
    this.#run = run;
  }

  toTreeItem(): TreeItem {
    const { state, terms, place, count: matches, limited, most, files, searchedFiles } = this.#run;
    const label = labelOf(this.#run);
    const where = dotted(
      place.name,
      place.layer !== undefined && `layer ${place.layer}`,
      place.path && `/${place.path}`,
    );
    const item = new TreeItem(label);
    item.id = this.id;
    item.contextValue = `peel.search.${state}`;
    item.description = dotted(`“${plainText(terms.text, 80)}”`, plainText(where, 200));
    item.iconPath = new ThemeIcon(ICONS[state]);
    item.tooltip = tooltip(label, [
      ['For', terms.text],
      ['How', optionsOf(terms)],
      ['In', where],
      ['Files to include', terms.include],
      ['Files to exclude', terms.exclude],
      ['Searched', count(searchedFiles, 'file')],
      ['Not all', limited ? `The search ended at ${grouped(most)} results. Narrow it to see the others.` : ''],
    ]);
    item.command = { command: COMMANDS.searchImage, title: 'Change the Search…', arguments: [this] };
    item.accessibilityInformation = {
      label: dotted(
        label,
        `Search for ${plainText(terms.text, 80)} in ${plainText(where, 200)}`,
        `${matches} in ${files.length}`,
      ),
    };
    return item;
  }
}

function labelOf({ state, count: matches, files, limited, progress, failures }: SearchRun): string {
  const found = matches === 0 ? '' : `${count(matches, 'result')} in ${count(files.length, 'file')}`;
  if (state === 'running') {
    const percent = progress === undefined ? 'Reading the layers…' : `Searching… ${Math.floor(100 * progress)} %`;
    return dotted(percent, found);
  }
  if (state === 'done') {
    const lost = new Set(failures.map(({ layer }) => layer)).size;
    return dotted(
      limited ? `The first ${found}` : found || 'No results',
      lost > 0 && `${count(lost, 'layer')} not searched`,
    );
  }
  return dotted(state === 'cancelled' ? 'Cancelled' : 'Failed', found);
}

function optionsOf({ isRegex, matchCase, wholeWord }: SearchTerms): string {
  return [matchCase && 'match case', wholeWord && 'whole word', isRegex && 'regular expression']
    .filter(Boolean)
    .join(', ');
}

const ICONS = { running: 'loading~spin', done: 'search', cancelled: 'circle-slash', failed: 'error' } as const;
