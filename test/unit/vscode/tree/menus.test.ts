import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isObject } from '../../../../src/oci/json.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const text = readFileSync(`${root}/package.json`, 'utf8');

/** The patterns that menus ask of a row's context value. */
function patterns(): Set<string> {
  const found = new Set<string>();
  JSON.parse(text, (key: string, value: unknown) => {
    if (key !== 'when' || typeof value !== 'string') return value;
    for (const [, pattern = ''] of value.matchAll(/viewItem =~ \/(.*?)\/(?=\s|\)|$)/g)) found.add(pattern);
    return value;
  });
  return found;
}

/** The beginnings of context values that rows have, as the code writes them. */
function contextValues(): string[] {
  const sources = globSync('src/vscode/tree/*.ts', { cwd: root }).map(file => readFileSync(`${root}/${file}`, 'utf8'));
  return sources.flatMap(source => [...source.matchAll(/['`](peel\.[a-zA-Z.]*)/g)].map(([, value = '']) => value));
}

test('every row that a menu asks for is one that the tree makes', () => {
  const endings = ['', 'mounted', 'extracted', 'incomplete', 'folder'];
  const flags = ['', '+pinned', '+filtered', '+signedIn', '+insecure', '+signIn+trustRegistry'];
  const values = contextValues().flatMap(value =>
    endings.flatMap(ending => flags.map(flag => `${value}${ending}${flag}`)),
  );
  assert.ok(patterns().size > 10, 'the patterns are found');
  for (const pattern of patterns()) {
    const asked = new RegExp(pattern);
    assert.ok(
      values.some(value => asked.test(value)),
      `no row fits ${pattern}`,
    );
  }
});

test('every command of a menu is one that package.json names', () => {
  const json: unknown = JSON.parse(text);
  assert.ok(isObject(json) && isObject(json.contributes));
  const { commands, menus } = json.contributes;
  const named = new Set(JSON.stringify(commands).match(/"command":"[^"]+"/g));
  for (const entry of JSON.stringify(menus).match(/"command":"[^"]+"/g) ?? []) assert.ok(named.has(entry), entry);
});
