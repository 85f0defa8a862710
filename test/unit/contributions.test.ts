import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../rig/paths.ts';

// What `test/unit/vscode/common/ids.test.ts` does for commands, views and settings, for the context
// values of tree rows.

const manifest = readFileSync(join(projectRoot, 'package.json'), 'utf8');
const sources = globSync('src/vscode/**/*.ts', { cwd: projectRoot }).map(file =>
  readFileSync(join(projectRoot, file), 'utf8'),
);

/** Words that the code writes as texts, such as states and flags. */
const words = new Set(
  sources.flatMap(source => [...source.matchAll(/'(?:peel\.)?([a-z][A-Za-z]*)'/g)].map(([, word = '']) => word)),
);

/**
 * Every context value that a row may have, as far as its parts are written in the code; one flag at
 * a time.
 */
function possibleValues(): string[] {
  const statements = sources.flatMap(source =>
    [...source.matchAll(/contextValue =([^;]+);/g)].map(([, value = '']) => value),
  );
  return statements.flatMap(statement => {
    const fixed = [...statement.matchAll(/'(peel\.[\w.]+)'/g)].map(([, value = '']) => value);
    const open = [...statement.matchAll(/`(peel\.[\w.]*)\$\{\w+\}`/g)].flatMap(([, start = '']) =>
      [...words].map(word => start + word),
    );
    const kinds = [...fixed, ...open];
    return [...kinds, ...flagsOf(statement).flatMap(flag => kinds.map(kind => `${kind}+${flag}`))];
  });
}

/**
 * The keys of `contextValue(kind, { pinned, filtered: … })`, or the command names that a failure's
 * row joins to its kind.
 */
function flagsOf(statement: string): string[] {
  if (statement.includes(".join('+')")) return [...words];
  const [, record = ''] = /\{([^{}]*)\}\s*\)\s*$/.exec(statement) ?? [];
  return record
    .split(',')
    .map(entry => entry.split(':')[0]?.trim() ?? '')
    .filter(Boolean);
}

/**
 * `^a\.(b|c)$` -> `^a\.b$` and `^a\.c$`: each alternative must hold by itself. The groups that
 * match flags, such as `(\+|$)`, stay.
 */
function alternatives(pattern: string): string[] {
  const group = /\(([\w\\.|]+)\)/.exec(pattern);
  if (group === null) return [pattern];
  const [whole, inside = ''] = group;
  return inside.split('|').flatMap(choice => alternatives(pattern.replace(whole, choice)));
}

/** The alternatives of every pattern that a menu compares with `viewItem`. */
function askedPatterns(): string[] {
  const asked = [...manifest.matchAll(/viewItem =~ \/((?:\\.|[^/])+)\//g)].map(([, pattern = '']) =>
    pattern.replaceAll('\\\\', '\\'),
  );
  assert.ok(asked.length > 10, 'package.json asks for context values in a way that this test does not read');
  return [...new Set(asked.flatMap(alternatives))];
}

test('each context value that a menu asks for is one that a row of the trees can have', () => {
  const values = possibleValues();
  assert.ok(values.length > 10, 'the code sets context values in a way that this test does not read');
  for (const pattern of askedPatterns()) {
    const expression = new RegExp(pattern);
    assert.ok(
      values.some(value => expression.test(value)),
      `no row has a context value like /${pattern}/`,
    );
  }
});

test('a menu entry for one kind of row never shows up on another kind whose name begins alike', () => {
  const kinds = [...new Set(possibleValues().map(value => value.replace(/\+.*/, '')))];
  const forKinds = askedPatterns().filter(pattern => pattern.startsWith('^'));
  assert.ok(forKinds.length > 10);
  for (const pattern of forKinds) {
    const flags = /\\\+(\w+)/.exec(pattern)?.[1];
    const matching = kinds.filter(kind => new RegExp(pattern).test(flags === undefined ? kind : `${kind}+${flags}`));
    assert.equal(matching.length, 1, `/${pattern}/ matches ${matching.join(', ')}`);
  }
});

test('every viewItem is compared by a pattern, which the test above reads', () => {
  assert.doesNotMatch(manifest, /viewItem (?:==|!=|in)/);
});
