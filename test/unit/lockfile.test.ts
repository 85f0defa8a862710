import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../rig/paths.ts';
import { isJson, parseJson } from '../support/json.ts';

const lockfiles = [
  'package-lock.json',
  'test/rig/code-server/package-lock.json',
  'test/rig/code-server-floor/package-lock.json',
];

for (const file of lockfiles) {
  const { packages } = parseJson(readFileSync(join(projectRoot, file)));
  assert.ok(isJson(packages));

  test(`${file} names no registry`, () => {
    assert.doesNotMatch(JSON.stringify(packages), /"resolved":/);
  });

  test(`${file} is whole: \`npm ci\` refuses one that lacks what a package names, also for another system`, () => {
    const lacking = Object.entries(packages).flatMap(([path, entry]) => {
      if (!isJson(entry)) return [path];
      const named = [entry.dependencies, entry.optionalDependencies].filter(isJson).flatMap(Object.keys);
      return named.filter(name => !isResolvable(packages, path, name)).map(name => `${path} needs ${name}`);
    });
    assert.deepEqual(lacking, []);
  });
}

/** As Node looks for a package: in the folder itself, then in each folder above. */
function isResolvable(packages: Readonly<Record<string, unknown>>, from: string, name: string): boolean {
  const places = [from];
  for (let at = from; at !== ''; places.push(at)) at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1));
  return places.some(place => (place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`) in packages);
}
