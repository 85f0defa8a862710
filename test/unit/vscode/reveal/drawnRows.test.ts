import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DrawnRows } from '../../../../src/vscode/reveal/drawnRows.ts';

test('rows are to be drawn anew when what they show has changed, and only then', async () => {
  const rows = new DrawnRows<readonly string[]>();
  assert.equal(rows.differFrom(['a']), false, 'nothing was drawn yet');
  assert.deepEqual(await rows.whileDrawing(async () => ['a']), ['a']);
  assert.equal(rows.differFrom(['a']), false);
  assert.equal(rows.differFrom(['a', 'b']), true);
});

test('what was seen in between by others does not count, only what was drawn', async () => {
  const rows = new DrawnRows<string>();
  await rows.whileDrawing(async () => 'extracted');
  assert.equal(rows.differFrom('mounted'), true);
  // The rows were drawn later than that, and show the mount; then it is gone.
  await rows.whileDrawing(async () => 'mounted');
  assert.equal(rows.differFrom('extracted'), true);
});

test('a failure and an unfinished drawing are always drawn anew', async () => {
  const rows = new DrawnRows<string>();
  await assert.rejects(rows.whileDrawing(() => Promise.reject(new Error('no list'))));
  assert.equal(rows.differFrom('a'), true);
  const held = Promise.withResolvers<string>();
  const drawing = rows.whileDrawing(() => held.promise);
  assert.equal(rows.differFrom('a'), true);
  held.resolve('a');
  await drawing;
  assert.equal(rows.differFrom('a'), false);
});
