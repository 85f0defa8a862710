import * as vscode from 'vscode';
import { SETTINGS } from '../common/ids.ts';
import { kindOf } from './kindOf.ts';
import type { EditorNeeds } from './editorParts.ts';
import type { EditorProviders } from './providers.ts';

/** Files that may name images. The code that reads them decides which really do. */
const FILES: vscode.DocumentSelector = [
  'dockerfile',
  'dockercompose',
  'dockerbake',
  'yaml',
  'helm',
  'github-actions-workflow',
  { pattern: '**/{Dockerfile,Containerfile}*' },
  { pattern: '**/*.{dockerfile,containerfile,yml,yaml}' },
  { pattern: '**/{devcontainer,.devcontainer}.json' },
  { pattern: '**/docker-bake*.{hcl,json}' },
];

/** Registers what editors of files with image names offer. The code is loaded at the first use. */
export function registerEditor(needs: EditorNeeds): vscode.Disposable {
  let loading: Promise<EditorProviders> | undefined;
  const load = (): Promise<EditorProviders> => {
    loading ??= import('./providers.ts').then(({ EditorProviders: Providers }) => new Providers(needs));
    return loading;
  };
  /** Runs a feature that the settings turn on, in files that Peel finds names in. */
  const when = async <T>(
    setting: string,
    document: vscode.TextDocument,
    run: (providers: EditorProviders) => T,
  ): Promise<Awaited<T> | undefined> =>
    kindOf(document) !== undefined && needs.configuration.isOn(setting) ? await run(await load()) : undefined;
  const { languages } = vscode;
  const hovers = (['localHover', 'imageHover', 'newerHover'] as const).map(hover =>
    languages.registerHoverProvider(FILES, {
      provideHover: (document, position, token) =>
        when(SETTINGS.editorHover, document, each => each[hover](document, position, token)),
    }),
  );
  return vscode.Disposable.from(
    ...hovers,
    languages.registerDocumentLinkProvider(FILES, {
      provideDocumentLinks: document => when(SETTINGS.editorLinks, document, each => each.links(document)),
    }),
    languages.registerCompletionItemProvider(
      FILES,
      {
        provideCompletionItems: (document, position, token) =>
          when(SETTINGS.editorCompletion, document, each => each.completions(document, position, token)),
        resolveCompletionItem: async (...given) => (await load()).resolveCompletion(...given),
      },
      ':',
      '/',
    ),
    languages.registerCodeActionsProvider(
      FILES,
      {
        provideCodeActions: async (document, range) =>
          kindOf(document) === undefined ? [] : (await load()).codeActions(document, range),
        resolveCodeAction: async (...given) => (await load()).resolveCodeAction(...given),
      },
      { providedCodeActionKinds: [vscode.CodeActionKind.RefactorRewrite] },
    ),
    languages.registerCodeLensProvider(FILES, {
      provideCodeLenses: document => when(SETTINGS.editorCodeLens, document, each => each.codeLenses(document)),
      resolveCodeLens: async (...given) => (await load()).resolveCodeLens(...given),
    }),
    languages.registerInlayHintsProvider(FILES, {
      provideInlayHints: (document, range) =>
        when(SETTINGS.editorInlayHints, document, each => each.inlayHints(document, range)),
    }),
  );
}
