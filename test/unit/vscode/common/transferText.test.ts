import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateMeter, formatProgress } from '../../../../src/vscode/common/transferText.ts';

test('formats bytes, rate and layers', () => {
  const transfer = { done: 12_000_000, downloaded: 5, total: 45_000_000, layersDone: 2, layers: 5 };
  assert.equal(formatProgress(transfer, 8_100_000), '12 MB of 45 MB · 8.1 MB/s · 2 of 5 layers');
});

test('leaves out unknown parts', () => {
  const transfer = { done: 12_000, downloaded: 12_000, total: 0, layersDone: 0, layers: 0 };
  assert.equal(formatProgress(transfer, undefined), '12 kB');
});

test('never exceeds a total that was estimated too low', () => {
  const transfer = { done: 50, downloaded: 50, total: 40, layersDone: 0, layers: 1 };
  assert.equal(formatProgress(transfer, 0), '40 B of 40 B · 0 of 1 layer');
});

test('measures the rate over the last seconds only', () => {
  const rate = rateMeter();
  assert.equal(rate(0, 0), undefined);
  assert.equal(rate(1000, 1000), 1000);
  for (let second = 2; second <= 10; second++) rate(1000, second * 1000);
  assert.equal(rate(1000, 11_000), 0, 'a stall shows');
});
