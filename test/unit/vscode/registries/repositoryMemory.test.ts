import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Memento } from 'vscode';
import { RepositoryMemory } from '../../../../src/vscode/registries/repositoryMemory.ts';

/** VS Code's Memento stores JSON; a map does too. */
function memento(initial: Record<string, unknown> = {}): Pick<Memento, 'get' | 'update'> {
  const kept = new Map(Object.entries(initial));
  return {
    get: (key: string) => kept.get(key),
    update: async (key: string, value: unknown) => void kept.set(key, JSON.parse(JSON.stringify(value))),
  };
}

test('lists the last opened repository first, once, separately per registry', async () => {
  const memory = new RepositoryMemory(memento());
  await memory.add('docker.io', 'library/a');
  await memory.add('docker.io', 'library/b');
  await memory.add('docker.io', 'library/a');
  await memory.add('r.example', 'x');
  assert.deepEqual(memory.of('docker.io'), ['library/a', 'library/b']);
  assert.deepEqual(memory.of('r.example'), ['x']);
  assert.deepEqual(memory.of('other.example'), []);
  await memory.remove('docker.io', 'library/a');
  await memory.remove('r.example', 'x');
  assert.deepEqual(memory.of('docker.io'), ['library/b']);
  assert.deepEqual(memory.registries(), ['docker.io']);
});

test('keeps a limited number', async () => {
  const memory = new RepositoryMemory(memento());
  for (let number = 0; number < 250; number++) await memory.add('r.example', `x${number}`);
  assert.equal(memory.of('r.example').length, 200);
  assert.equal(memory.of('r.example')[0], 'x249');
});

test('ignores what another version stored', () => {
  assert.deepEqual(new RepositoryMemory(memento({ repositories: 'x' })).of('a'), []);
  assert.deepEqual(new RepositoryMemory(memento({ repositories: { a: [1], b: ['c'] } })).registries(), ['b']);
});

test('lists the last used image first, once, and at most twenty', async () => {
  const memory = new RepositoryMemory(memento());
  for (let number = 0; number < 25; number++) await memory.used(`r.example/x:${number}`);
  await memory.used('r.example/x:10');
  assert.equal(memory.recent().length, 20);
  assert.deepEqual(memory.recent().slice(0, 3), ['r.example/x:10', 'r.example/x:24', 'r.example/x:23']);
  assert.deepEqual(new RepositoryMemory(memento({ recentImages: [1] })).recent(), []);
});
