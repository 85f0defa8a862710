import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { image, index, layer } from '../support/image.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { file } from '../support/tar.ts';
import { peel } from './commands.ts';

/** What editors of files with image names offer, against registries that count requests. */
describe('image names in files', () => {
  const amd = image({ layers: [layer([file('etc/motd', 'amd')])] });
  const arm = image({ layers: [layer([file('etc/motd', 'arm')])], platform: { os: 'linux', architecture: 'arm64' } });
  const old = index([amd, arm]);
  const newer = image({ layers: [layer([file('etc/motd', 'new')])] });
  let mine: Registry;
  let foreign: Registry;

  before(async () => {
    mine = await startRegistry();
    foreign = await startRegistry();
    for (const { store } of [mine, foreign]) {
      store.put('team/app', old, '1.25-alpine');
      store.put('team/app', index([newer, arm]), '1.27-alpine');
      store.put('team/app', arm, '1.28-alpine');
      store.put('team/app', old, '1.29');
    }
    await peel('addRegistry', { url: mine.url });
    await set('platform', 'linux/amd64');
  });
  afterEach(() => {
    mine.requests.length = 0;
    foreign.requests.length = 0;
  });
  after(async () => {
    for (const key of ['platform', 'registries']) await set(key, undefined);
    await Promise.all([mine.close(), foreign.close()]);
  });

  const set = async (key: string, value: unknown): Promise<void> =>
    vscode.workspace.getConfiguration('peel').update(key, value, vscode.ConfigurationTarget.Global);

  const opened = (content: string, language = 'dockerfile'): Thenable<vscode.TextDocument> =>
    vscode.workspace.openTextDocument({ content, language });

  /** Runs one of VS Code's own commands for providers on a document. */
  const run = async <T>(command: string, document: vscode.TextDocument, ...rest: readonly unknown[]): Promise<T> =>
    (await vscode.commands.executeCommand(command, document.uri, ...rest)) as T;

  const hoverAt = async (content: string, column: number, language?: string): Promise<string> => {
    const document = await opened(content, language);
    const hovers = await run<vscode.Hover[]>('vscode.executeHoverProvider', document, document.positionAt(column));
    return hovers
      .flatMap(({ contents }) => contents)
      .map(each => (each instanceof vscode.MarkdownString ? each.value : ''))
      .join('\n')
      .replaceAll('&nbsp;', ' ');
  };

  it('a hover shows the name, what its registry says, and a newer tag of the same kind', async () => {
    const text = await hoverAt(`FROM ${mine.host}/team/app:1.25-alpine AS x`, 10);
    assert.match(text, /\[Open\]\(command:peel\.openImage\?/);
    assert.match(text, /\[Files\].*\[Details\]/);
    assert.ok(text.includes(old.digest), text);
    assert.match(text, /linux\/amd64 · .* compressed/);
    assert.match(text, /2 platforms: linux\/amd64, linux\/arm64/);
    // 1.28-alpine is not for this platform.
    assert.match(text, /app:1\.27-alpine is newer than 1\.25-alpine/);
    assert.match(text, /\[Compare with newest\]\(command:peel\.compareImages\?/);
    const asked = mine.requests.length;
    await hoverAt(`FROM ${mine.host}/team/app:1.25-alpine AS y`, 10);
    assert.equal(mine.requests.length, asked, 'answers are kept');
  });

  it('a registry that the user did not add is asked only after a click', async () => {
    const name = `FROM ${foreign.host}/team/app:1.25-alpine`;
    const before = await hoverAt(name, 10);
    assert.match(before, new RegExp(`Ask.*${foreign.host.replace(/.*:/, '')}\\]\\(command:peel\\.askRegistry`));
    assert.equal(foreign.requests.length, 0);
    assert.doesNotMatch(before, /compressed/);
  });

  it('a name without a meaning, a stage or a reserved name asks nothing', async () => {
    assert.equal(await hoverAt('FROM scratch', 8), '');
    assert.equal(await hoverAt('FROM a/UPPER', 8), '');
    assert.match(await hoverAt('FROM $HOME.evil.example/x', 8), /variables without a default/);
    assert.equal(mine.requests.length, 0);
  });

  it('a failure is shown in the hover', async () => {
    assert.match(await hoverAt(`FROM ${mine.host}/team/none:1`, 10), /none/);
  });

  it('a hover can be turned off', async () => {
    await set('editor.hover', false);
    try {
      assert.doesNotMatch(await hoverAt(`FROM ${mine.host}/team/app:1.29`, 10), /peel/);
      assert.equal(mine.requests.length, 0);
    } finally {
      await set('editor.hover', undefined);
    }
  });

  it('names are links into Peel, in every kind of file, without a request', async () => {
    const name = `${mine.host}/team/app:1.29`;
    for (const [language, content] of [
      ['dockerfile', `FROM ${name}\nFROM busybox AS b\nFROM b`],
      ['yaml', `apiVersion: v1\nkind: Pod\nspec: {containers: [{image: "${name}"}, {image: busybox}]}`],
    ] as const) {
      const links = await run<vscode.DocumentLink[]>('vscode.executeLinkProvider', await opened(content, language));
      assert.deepEqual(
        links.map(({ target }) => decodeURIComponent(target?.query ?? '')),
        [`[{"argument":{"reference":"${name}"}}]`, '[{"argument":{"reference":"docker.io/library/busybox:latest"}}]'],
      );
    }
    assert.equal(mine.requests.length, 0);
  });

  const proposals = async (content: string): Promise<vscode.CompletionItem[]> => {
    const document = await opened(content.replace('|', ''));
    const position = document.positionAt(content.indexOf('|'));
    const list = await run<vscode.CompletionList>('vscode.executeCompletionItemProvider', document, position, ':', 10);
    return list.items.filter(({ kind }) => kind !== vscode.CompletionItemKind.Text);
  };

  it('tags are completed newest first, with details, and replace the whole tag', async () => {
    const items = await proposals(`FROM ${mine.host}/team/app:1|.2 AS x`);
    const sorted = items.toSorted((one, other) => ((one.sortText ?? '') < (other.sortText ?? '') ? -1 : 1));
    assert.deepEqual(
      sorted.map(({ label }) => label),
      ['1.29', '1.28-alpine', '1.27-alpine', '1.25-alpine'],
    );
    const [first] = sorted;
    assert.ok(first?.documentation instanceof vscode.MarkdownString);
    assert.ok(first.documentation.value.includes(old.digest));
    const range = first.range instanceof vscode.Range ? first.range : first.range?.replacing;
    assert.equal(range?.end.character, `FROM ${mine.host}/team/app:1.2`.length);
  });

  it('repositories of a registry are completed, and foreign registries are not asked', async () => {
    assert.deepEqual(
      (await proposals(`FROM ${mine.host}/te|`)).map(({ label }) => label),
      [`${mine.host}/team/app`],
    );
    assert.deepEqual(await proposals(`FROM ${foreign.host}/te|`), []);
    assert.deepEqual(await proposals(`FROM ${foreign.host}/team/app:|`), []);
    assert.equal(foreign.requests.length, 0);
  });

  const actionsOn = async (content: string, column: number, resolve: number): Promise<vscode.CodeAction[]> => {
    const document = await opened(content);
    const at = document.positionAt(column);
    const range = new vscode.Range(at, at);
    const kind = vscode.CodeActionKind.RefactorRewrite.value;
    const found = await run<vscode.CodeAction[]>('vscode.executeCodeActionProvider', document, range, kind, resolve);
    return found.filter(({ title }) => /Digest|Newest|Ask/.test(title));
  };

  /** Returns what each action would write, by its title. */
  const edits = async (content: string): Promise<Record<string, string | undefined>> =>
    Object.fromEntries(
      (await actionsOn(content, 10, 10)).map(({ title, edit }) => [title, edit?.entries()[0]?.[1][0]?.newText]),
    );

  it('actions pin to the digest of the index, and update tags and digests', async () => {
    const app = `${mine.host}/team/app`;
    const next = mine.store.manifest('team/app', '1.27-alpine')?.digest;
    assert.deepEqual(await edits(`FROM ${app}:1.25-alpine`), {
      'Pin to Digest': `${app}:1.25-alpine@${old.digest}`,
      'Update to Newest Tag of the Same Kind': `${app}:1.27-alpine`,
    });
    const stale = `sha256:${'0'.repeat(64)}`;
    assert.deepEqual(await edits(`FROM ${app}:1.25-alpine@${stale}`), {
      'Update Pinned Digest': `${app}:1.25-alpine@${old.digest}`,
      'Update to Newest Tag of the Same Kind': `${app}:1.27-alpine@${next}`,
    });
    assert.deepEqual(await edits(`FROM ${app}:1.29`), {
      'Pin to Digest': `${app}:1.29@${old.digest}`,
      'Update to Newest Tag of the Same Kind': undefined,
    });
  });

  it('actions are offered without a request, and a foreign registry is asked after a click', async () => {
    assert.equal((await actionsOn(`FROM ${mine.host}/team/app:1.25-alpine`, 10, 0)).length, 2);
    assert.equal(mine.requests.length, 0);
    const name = `FROM ${foreign.host}/team/app:1.25-alpine`;
    assert.deepEqual(
      (await actionsOn(name, 10, 10)).map(({ title }) => title),
      [`Ask ${foreign.host}`],
    );
    assert.equal(foreign.requests.length, 0);
    await peel('askRegistry', { registry: foreign.host });
    assert.equal(foreign.requests.length, 0);
    assert.ok((await hoverAt(name, 10)).includes(old.digest));
    assert.ok(foreign.requests.length > 0);
  });

  it('lenses and hints are off, and show the age where the user turns them on', async () => {
    const document = await opened(`FROM ${mine.host}/team/app:1.25-alpine\n`);
    const whole = new vscode.Range(0, 0, 1, 0);
    const lenses = (): Promise<vscode.CodeLens[]> => run('vscode.executeCodeLensProvider', document, 10);
    const hints = (): Promise<vscode.InlayHint[]> => run('vscode.executeInlayHintProvider', document, whole);
    assert.deepEqual([await lenses(), await hints()], [[], []]);
    await set('editor.codeLens', true);
    await set('editor.inlayHints', true);
    try {
      assert.match((await lenses())[0]?.command?.title ?? '', /^built .* ago$/);
      const label = (await hints())[0]?.label;
      assert.ok(typeof label === 'string');
      assert.match(label, /^built .* ago$/);
    } finally {
      await set('editor.codeLens', undefined);
      await set('editor.inlayHints', undefined);
    }
  });
});
