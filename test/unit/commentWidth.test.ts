import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../rig/paths.ts';

const WIDTH = 100;

/** Returns `file:line` of each comment line over the limit that could be broken. */
function wideComments(file: string): string[] {
  const lines = readFileSync(join(projectRoot, file), 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    const isWide = line.length > WIDTH && /^\s*(\/\/|\/\*|\*(?=[ /]|$))/.test(line);
    return isWide && !isUnbreakable(line) ? [`${file}:${index + 1}`] : [];
  });
}

/**
 * Returns whether a line is a single long word, such as a URL. Directives can't be broken, either.
 */
function isUnbreakable(line: string): boolean {
  const words = line
    .trim()
    .replace(/^(\/\/|\/?\*+)\s*/, '')
    .split(/\s+/);
  return words.length === 1 || /^(oxlint|eslint|prettier|@ts)-/.test(words[0] ?? '');
}

test(`comment lines have at most ${WIDTH} columns`, () => {
  const files = [...globSync('{src,test}/**/*.{ts,mts,js,mjs}', { cwd: projectRoot }), 'esbuild.js'];
  assert.ok(files.length > 100);
  assert.deepEqual(files.toSorted().flatMap(wideComments), []);
});
