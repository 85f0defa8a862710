import { compileQuery } from '../../search/query.ts';
import * as vscode from 'vscode';
import { dotted, plainText } from '../common/text.ts';
import type { SearchMemory } from './searchMemory.ts';
import type { SearchPlace, SearchTerms } from './searchRun.ts';

type Toggle = 'matchCase' | 'wholeWord' | 'isRegex';
type Pattern = 'include' | 'exclude';

interface Row extends vscode.QuickPickItem {
  readonly does: 'search' | Toggle | Pattern;
}

/**
 * Prompts for a search: the text in the input box, its options in the rows below. Starts with the
 * last search. Returns `undefined` if the user dismisses it.
 */
export async function askSearch(
  place: SearchPlace,
  memory: SearchMemory,
  title: string,
): Promise<SearchTerms | undefined> {
  const problemOf = (terms: SearchTerms): string | undefined => {
    try {
      compileQuery(terms);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  let terms = memory.last;
  for (;;) {
    const answer = await showForm({ place, title, terms, problemOf });
    if (!answer) return undefined;
    const { does } = answer;
    ({ terms } = answer);
    if (does === 'search') break;
    const pattern = await askPattern(does, terms, title);
    if (pattern !== undefined) terms = { ...terms, [does]: pattern };
  }
  await memory.keep(terms);
  return terms;
}

interface Form {
  readonly place: SearchPlace;
  readonly title: string;
  readonly terms: SearchTerms;
  readonly problemOf: (terms: SearchTerms) => string | undefined;
}

interface Answer {
  readonly terms: SearchTerms;
  readonly does: 'search' | Pattern;
}

/** Shows the form until the user searches, chooses to enter a pattern, or dismisses it. */
function showForm({ place, title, terms: first, problemOf }: Form): Promise<Answer | undefined> {
  const pick = vscode.window.createQuickPick<Row>();
  let terms = first;
  const show = (does: Row['does']): void => {
    const rows = rowsFor(terms, place, terms.text === '' ? undefined : problemOf(terms));
    pick.items = rows;
    pick.activeItems = rows.filter(row => row.does === does);
  };
  pick.title = title;
  pick.placeholder = 'Text to search for';
  pick.ignoreFocusOut = true;
  pick.value = terms.text;
  show('search');
  pick.onDidChangeValue(text => {
    terms = { ...terms, text };
    show('search');
  });
  return new Promise(resolve => {
    pick.onDidAccept(() => {
      const does = pick.activeItems[0]?.does ?? 'search';
      if (does === 'matchCase' || does === 'wholeWord' || does === 'isRegex') {
        terms = { ...terms, [does]: !terms[does] };
        show(does);
      } else if (does !== 'search' || problemOf(terms) === undefined) {
        resolve({ terms, does });
        pick.hide();
      }
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

/** Returns all rows, whatever is typed, since it doesn't filter them. */
function rowsFor(terms: SearchTerms, { name, layer, path }: SearchPlace, problem: string | undefined): Row[] {
  const where = dotted(name, layer !== undefined && `layer ${layer}`, path && `/${path}`);
  const search: Row =
    problem === undefined
      ? { label: '$(search) Search', description: `in ${plainText(where, 200)}`, does: 'search', alwaysShow: true }
      : { label: '$(error) Search', description: plainText(problem, 200), does: 'search', alwaysShow: true };
  const toggle = (does: Toggle, icon: string, label: string): Row => ({
    label: `$(${terms[does] ? 'pass-filled' : 'circle-large-outline'}) ${label}`,
    description: `$(${icon}) ${terms[does] ? 'on' : 'off'}`,
    does,
    alwaysShow: true,
  });
  const pattern = (does: Pattern, icon: string, label: string, none: string): Row => ({
    label: `$(${icon}) ${label}`,
    description: terms[does] === '' ? none : plainText(terms[does], 200),
    does,
    alwaysShow: true,
  });
  return [
    search,
    toggle('matchCase', 'case-sensitive', 'Match Case'),
    toggle('wholeWord', 'whole-word', 'Match Whole Word'),
    toggle('isRegex', 'regex', 'Use Regular Expression'),
    pattern('include', 'filter', 'Files to Include…', 'all'),
    pattern('exclude', 'exclude', 'Files to Exclude…', 'none'),
  ];
}

function askPattern(does: Pattern, terms: SearchTerms, title: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: `${title}: Files to ${does === 'include' ? 'Include' : 'Exclude'}`,
    prompt: 'Names, folders or patterns, separated by commas. Leave empty for none.',
    placeHolder: '*.conf, /etc, usr/share/**',
    value: terms[does],
    ignoreFocusOut: true,
  });
}
