import { posix } from 'node:path';
import { Range, ThemeIcon, TreeItem, TreeItemCollapsibleState, type TreeItemLabel, type Uri } from 'vscode';
import type { Match } from '../../search/lineMatches.ts';
import type { CommandArgument } from '../common/argument.ts';
import { fileUri } from '../files/fileUri.ts';
import type { FoundFile, SearchPlace } from './searchRun.ts';
import { argumentOfPlace } from './searchSummaryNode.ts';
import { count, dotted, plainText, visible } from '../common/text.ts';
import type { TreeNode } from '../tree/treeNode.ts';

/** Files with more matches start collapsed. */
const OPEN = 10;
/** Characters shown before a match, and in all. */
const LEAD = 26;
const SHOWN = 250;

/** A file with matches. */
export class FoundFileNode implements TreeNode {
  readonly id: string;
  readonly parent = undefined;
  readonly argument: CommandArgument;
  readonly #file: FoundFile;
  readonly #uri: Uri;

  constructor(place: SearchPlace, file: FoundFile, prefix: string) {
    this.id = `${prefix}file:${file.path}`;
    this.argument = { ...argumentOfPlace(place), path: file.path };
    this.#file = file;
    this.#uri = fileUri(place.image, file.path, place.layer);
  }

  toTreeItem(): TreeItem {
    const { path, layer, matches } = this.#file;
    const folder = posix.dirname(path);
    const { Expanded, Collapsed } = TreeItemCollapsibleState;
    const item = new TreeItem(plainText(posix.basename(path), 255), matches.length > OPEN ? Collapsed : Expanded);
    item.id = this.id;
    item.contextValue = 'peel.found.file';
    // The file icon theme picks the icon by name.
    item.resourceUri = this.#uri;
    item.iconPath = ThemeIcon.File;
    item.description = dotted(String(matches.length), folder === '.' ? '' : plainText(folder, 255));
    item.tooltip = dotted(plainText(`/${path}`, 1_000), count(matches.length, 'result'), `from layer ${layer}`);
    const spoken = [
      plainText(posix.basename(path), 255),
      count(matches.length, 'result'),
      `in /${plainText(folder, 255)}`,
    ];
    item.accessibilityInformation = { label: dotted(...spoken) };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    return this.#file.matches.map((match, at) => new MatchNode(this, match, at, this.#uri));
  }
}

/** A match in a file. */
class MatchNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #match: Match;
  readonly #uri: Uri;

  constructor(parent: TreeNode, match: Match, at: number, uri: Uri) {
    this.id = `${parent.id}:${at}`;
    this.parent = parent;
    this.argument = parent.argument;
    this.#match = match;
    this.#uri = uri;
  }

  toTreeItem(): TreeItem {
    const { line, column, length, text } = this.#match;
    const item = new TreeItem(labelOf(this.#match));
    item.id = this.id;
    item.contextValue = 'peel.found.match';
    item.description = `${line}:${column}`;
    item.tooltip = plainText(text, 1_000);
    // Matches don't span lines, and the editor clips the range to the line.
    const selection = new Range(line - 1, column - 1, line - 1, column - 1 + length);
    item.command = { command: 'vscode.open', title: 'Open', arguments: [this.#uri, { selection }] };
    item.accessibilityInformation = { label: `Line ${line}, column ${column}: ${plainText(text, 250)}` };
    return item;
  }
}

/** Returns the line from shortly before the match, without leading blanks. */
function labelOf({ text, start, length }: Match): TreeItemLabel {
  const blank = text.length - text.trimStart().length;
  const from = start - blank > LEAD ? wordBefore(text, start - LEAD, start) : Math.min(blank, start);
  const cut = from > blank ? '…' : '';
  const label = visible(cut + text.slice(from, from + SHOWN));
  const begin = start - from + cut.length;
  return { label, highlights: [[begin, Math.min(label.length, begin + length)]] };
}

/** Returns where the first word after `at` starts, but at most `end`. */
function wordBefore(text: string, at: number, end: number): number {
  const space = text.indexOf(' ', at);
  const from = space === -1 || space >= end ? at : space + 1;
  const unit = text.charCodeAt(from);
  return unit >= 0xdc00 && unit <= 0xdfff ? from - 1 : from;
}
