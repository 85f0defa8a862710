import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  COMMANDS,
  CONTEXTS,
  ROW_COMMANDS,
  SECTION,
  SETTINGS,
  TASK_TYPE,
  TREE_COMMANDS,
  VIEW_CONTAINER,
  VIEWS,
} from '../../../../src/vscode/common/ids.ts';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category?: string }[];
    readonly configuration: readonly { readonly properties: Readonly<Record<string, unknown>> }[];
    readonly taskDefinitions: readonly { readonly type: string }[];
    readonly viewsContainers: { readonly activitybar: readonly { readonly id: string }[] };
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly menus: Readonly<Record<string, readonly { readonly command?: string; readonly when?: string }[]>>;
  };
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
}

const root = new URL('../../../../', import.meta.url);
const text = readFileSync(new URL('package.json', root), 'utf8');
const { contributes, capabilities } = JSON.parse(text) as Manifest;
const settings = Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)) as Readonly<
  Record<string, unknown>
>;
const codeCommands = [
  ...Object.values(COMMANDS),
  ...Object.values(TREE_COMMANDS),
  ...Object.values(ROW_COMMANDS),
].sort();

test('the code and package.json have the same commands', () => {
  assert.deepEqual(contributes.commands.map(entry => entry.command).sort(), codeCommands);
  for (const entry of contributes.commands) assert.equal(entry.category, 'Peel', entry.command);
});

test('menus, keybindings and other strings name only existing commands', () => {
  const known = new Set<string>([...codeCommands, ...Object.values(VIEWS), ...Object.values(CONTEXTS)]);
  for (const [menu, entries] of Object.entries(contributes.menus)) {
    for (const { command } of entries) {
      if (command?.startsWith('peel.')) assert.ok(known.has(command), `${menu}: ${command}`);
    }
  }
  for (const [, id = ''] of text.matchAll(/command:(peel\.[A-Za-z]+)/g)) assert.ok(known.has(id), id);
});

test('settings match', () => {
  const declared = Object.keys(settings).sort();
  assert.deepEqual(
    declared,
    Object.values(SETTINGS)
      .map(key => `${SECTION}.${key}`)
      .sort(),
  );
});

test('no setting can differ by workspace folder, since each is read for the window', () => {
  for (const [key, property] of Object.entries(settings))
    assert.notEqual((property as { scope?: string }).scope, 'resource', key);
});

test('settings that could send credentials or shape a command line are not read from an untrusted workspace', () => {
  const free = new Set<string>([SETTINGS.platform]);
  const restricted = Object.values(SETTINGS)
    .filter(key => !free.has(key))
    .map(key => `${SECTION}.${key}`);
  assert.deepEqual([...capabilities.untrustedWorkspaces.restrictedConfigurations].sort(), restricted.sort());
});

test('views, their container and the task type match', () => {
  assert.deepEqual(
    contributes.viewsContainers.activitybar.map(entry => entry.id),
    [VIEW_CONTAINER],
  );
  assert.deepEqual(contributes.views[VIEW_CONTAINER]?.map(entry => entry.id).sort(), Object.values(VIEWS).sort());
  assert.deepEqual(
    contributes.taskDefinitions.map(entry => entry.type),
    [TASK_TYPE],
  );
});

test('the code sets exactly the context keys that package.json uses', () => {
  const asked = new Set(
    [...text.matchAll(/"when": "([^"]*)"/g)].flatMap(([, when = '']) =>
      [...when.matchAll(/\bpeel\.[A-Za-z]+/g)].map(([key]) => key),
    ),
  );
  const known = new Set<string>([...Object.values(CONTEXTS), ...Object.values(VIEWS)]);
  for (const key of asked) assert.ok(known.has(key), key);
  for (const key of Object.values(CONTEXTS)) assert.ok(asked.has(key), key);
});

test('each command of the table runs the function of its name', () => {
  const table = readFileSync(new URL('src/vscode/commandTable.ts', root), 'utf8');
  const rows = [...table.matchAll(/\[COMMANDS\.(\w+)\]: async \(\) => \(await import\('[^']+'\)\)\.(\w+)/g)];
  assert.deepEqual(new Set(rows.map(([, id]) => id)), new Set(Object.keys(COMMANDS)));
  for (const [, id, name] of rows) assert.equal(name, id);
});

test('docs/api.md documents every command of the palette, and no other', () => {
  const text = readFileSync(new URL('docs/api.md', root), 'utf8');
  const [, section = ''] = /^## Commands$([^]*?)^## /m.exec(text) ?? [];
  const rows = section.split('\n').filter(line => line.startsWith('| `peel.'));
  const documented = rows.flatMap(row =>
    [...(row.split('|')[1] ?? '').matchAll(/`(peel\.\w+)`/g)].map(([, id = '']) => id),
  );
  for (const id of documented) assert.ok(codeCommands.includes(id as (typeof codeCommands)[number]), id);
  const limited = new Set(contributes.menus['commandPalette']?.map(({ command }) => command));
  for (const { command } of contributes.commands)
    if (!limited.has(command) && command !== TREE_COMMANDS.refresh) assert.ok(documented.includes(command), command);
});
