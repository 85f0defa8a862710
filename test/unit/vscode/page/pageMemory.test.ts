import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageMemory } from '../../../../src/vscode/page/pageMemory.ts';

class Memory {
  readonly kept = new Map<string, unknown>();
  keys(): readonly string[] {
    return [...this.kept.keys()];
  }
  get<T>(key: string, otherwise?: T): T | undefined {
    return (this.kept.get(key) as T | undefined) ?? otherwise;
  }
  async update(key: string, value: unknown): Promise<void> {
    // VS Code stores JSON.
    this.kept.set(key, JSON.parse(JSON.stringify(value)));
  }
}

const page = (title: string): { type: string; title: string } => ({ type: 'page', title });

test('finds a page by type and title, with its latest subject', async () => {
  const pages = new PageMemory(new Memory());
  await pages.keep(page('a'), { argument: { reference: 'a:1', platform: 'linux/amd64' }, analyzed: false });
  await pages.keep(page('b'), { argument: { left: { reference: 'b:1', layer: 2 }, right: {} }, analyzed: false });
  await pages.keep(page('a'), { argument: { reference: 'a:2' }, analyzed: true });
  assert.deepEqual(pages.subjectOf(page('a')), { argument: { reference: 'a:2' }, analyzed: true });
  assert.deepEqual(pages.subjectOf(page('b'))?.argument, { left: { reference: 'b:1', layer: 2 }, right: {} });
  assert.equal(pages.subjectOf({ type: 'other', title: 'a' }), undefined);
});

test('forgets the oldest pages first', async () => {
  const pages = new PageMemory(new Memory());
  for (let at = 0; at <= 100; at++) await pages.keep(page(`${at}`), { argument: {}, analyzed: false });
  assert.equal(pages.subjectOf(page('0')), undefined);
  assert.ok(pages.subjectOf(page('1')) && pages.subjectOf(page('100')));
});

test('ignores stored values of another shape', async () => {
  const memory = new Memory();
  for (const kept of ['text', [1, null], { a: 1 }]) {
    await memory.update('pages', kept);
    assert.equal(new PageMemory(memory).subjectOf(page('a')), undefined);
  }
  await memory.update('pages', [{ ...page('a'), argument: { reference: 7 } }]);
  assert.throws(() => new PageMemory(memory).subjectOf(page('a')), /wrong "reference"/);
});
