import * as vscode from 'vscode';
import { InvalidReferenceError, parseReference } from '../../oci/reference.ts';
import { plainText } from '../common/text.ts';
import { completionsOf, knownImages, type Completion, type CompletionGroup, type NameSources } from './completions.ts';

/** How the picker presents itself. */
export interface PickOptions {
  readonly title: string;
  readonly placeholder?: string;
  /** The text at first. Lists of its repository are then offered as a whole. */
  readonly value?: string;
}

interface Entry extends vscode.QuickPickItem {
  /** Absent = a heading. */
  readonly completion?: Completion;
  /** The typed text that the entry was made for. */
  readonly of: string;
}

const PLACEHOLDER = 'Type an image reference, or paste a docker pull command or registry URL';

/**
 * Prompts for an image: recent, pinned and pulled ones, repositories after `host/`, tags after `:`,
 * and whatever else is typed. Returns the chosen text; `undefined` if the user dismisses the
 * prompt.
 */
export async function pickReference(options: PickOptions, sources: NameSources): Promise<string | undefined> {
  const known = await knownImages(sources);
  const pick = vscode.window.createQuickPick<Entry>();
  pick.title = options.title;
  pick.placeholder = options.placeholder ?? PLACEHOLDER;
  pick.ignoreFocusOut = true;
  pick.value = options.value ?? referenceInEditor() ?? '';
  let asking = new AbortController();
  const show = async (): Promise<void> => {
    const { value } = pick;
    asking.abort();
    const { signal } = (asking = new AbortController());
    pick.items = entriesOf(value, known);
    pick.busy = true;
    const found = await completionsOf(wanted(value, options.value), sources, signal).catch(() => undefined);
    if (signal.aborted) return;
    pick.busy = false;
    if (found) pick.items = entriesOf(value, known, found);
  };
  return new Promise(resolve => {
    pick.onDidChangeValue(() => void show());
    pick.onDidAccept(() => {
      const chosen = chosenIn(pick);
      if (chosen?.partial === true) {
        pick.value = chosen.text;
        void show();
      } else if (chosen) {
        resolve(chosen.text);
        pick.hide();
      }
    });
    pick.onDidHide(() => {
      asking.abort();
      resolve(undefined);
      pick.dispose();
    });
    void show();
    pick.show();
  });
}

/** All tags are offered next to the tag that the picker began with. */
function wanted(value: string, first: string | undefined): string {
  return value === first ? value.replace(/:[^:/]*$/, ':') : value;
}

/**
 * The entry that Enter accepts. Entries made for an earlier text may still be active when the user
 * types fast; the typed text counts then.
 */
function chosenIn({ activeItems: [active], value }: vscode.QuickPick<Entry>): Completion | undefined {
  if (active?.of === value) return active.completion;
  return problemOf(value) === undefined ? typed(value) : undefined;
}

/** The typed text first, then what continues it. */
function entriesOf(value: string, known: readonly CompletionGroup[], found?: CompletionGroup): Entry[] {
  if (value.trim() === '') return known.flatMap(group => groupEntries(group, value));
  const problem = problemOf(value);
  const first: Entry =
    problem === undefined
      ? {
          label: plainText(value, 500),
          description: 'Enter to use',
          alwaysShow: true,
          of: value,
          completion: typed(value),
        }
      : { label: plainText(value, 500), description: problem, alwaysShow: true, of: value };
  const matching = known.map(group => ({ ...group, items: group.items.filter(({ text }) => continues(text, value)) }));
  return [first, ...[...(found ? [found] : []), ...matching].flatMap(group => groupEntries(group, value))];
}

function continues(text: string, value: string): boolean {
  return text !== value && text.includes(value.trim());
}

function groupEntries({ title, items }: CompletionGroup, of: string): Entry[] {
  if (items.length === 0) return [];
  return [
    { label: title, kind: vscode.QuickPickItemKind.Separator, of },
    ...items.map(completion => ({
      label: plainText(completion.label, 255),
      ...(completion.description === undefined ? {} : { description: completion.description }),
      alwaysShow: true,
      of,
      completion,
    })),
  ];
}

function typed(value: string): Completion {
  return { label: value, text: value, partial: false };
}

/** Why the text isn't a reference, in a few words; a beginning of one is not reproached. */
function problemOf(value: string): string | undefined {
  if (/[/:@]$/.test(value.trim()))
    return value.trim().endsWith('/') ? 'Continue with a repository' : 'Continue with a tag or digest';
  try {
    parseReference(value);
    return undefined;
  } catch (error) {
    return error instanceof InvalidReferenceError ? error.reason : String(error);
  }
}

/**
 * The reference that is selected in the active editor, or that its line names (`FROM`, `image:`).
 */
function referenceInEditor(): string | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return undefined;
  const { document, selection } = editor;
  if (!selection.isSingleLine) return undefined;
  const line = document.lineAt(selection.active.line).text;
  const named = /^\s*(?:-\s*)?(?:FROM\s+(?:--platform=\S+\s+)?|image:\s*["']?)([^\s"'#]+)/.exec(line)?.[1];
  const text = selection.isEmpty ? named : document.getText(selection).trim();
  return text === undefined || text === '' || text.length > 500 || problemOf(text) !== undefined ? undefined : text;
}
