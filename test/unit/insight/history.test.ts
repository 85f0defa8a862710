import assert from 'node:assert/strict';
import { test } from 'node:test';
import { historyOf } from '../../../src/insight/history.ts';
import { configFrom } from '../../../src/oci/config.ts';
import type { Layer } from '../../../src/oci/layer.ts';

function layer(number: number): Layer {
  const digest = `sha256:${String(number).repeat(64)}` as const;
  return { number, descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: number } };
}

const step = (text: string, empty = false): object => ({ created_by: text, ...(empty ? { empty_layer: true } : {}) });

test('pairs each step that changed files with its layer', () => {
  const config = configFrom({ history: [step('ADD rootfs'), step('ENV a=b', true), step('RUN make')] });
  const steps = historyOf(config, [layer(1), layer(2)]).map(entry => [entry.createdBy, entry.layer?.number]);
  assert.deepEqual(steps, [
    ['ADD rootfs', 1],
    ['ENV a=b', undefined],
    ['RUN make', 2],
  ]);
});

test('does not pair a history that does not fit the layers, and omits nothing', () => {
  const config = configFrom({ history: [step('RUN one')] });
  const steps = historyOf(config, [layer(1), layer(2)]).map(entry => [entry.createdBy, entry.layer?.number]);
  assert.deepEqual(steps, [
    ['RUN one', undefined],
    [undefined, 1],
    [undefined, 2],
  ]);
});

test('lists the layers of an image without a history', () => {
  assert.deepEqual(
    historyOf(configFrom({}), [layer(1)]).map(entry => entry.layer?.number),
    [1],
  );
});
