import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidTaskError, readTask } from '../../../../src/vscode/mount/taskDefinition.ts';
import { mountFailure, MOUNT_FAILURES } from '../../../../src/overlay/failures.ts';
import { taskFailed } from '../../../../src/vscode/mount/taskFailure.ts';

test('validates a definition of tasks.json', () => {
  assert.deepEqual(readTask({ type: 'peel', action: 'mount', image: 'images/a', more: 1 }), {
    action: 'mount',
    image: 'images/a',
  });
  for (const wrong of [
    {},
    { action: 'mount' },
    { image: 'a' },
    { action: 'remove', image: 'a' },
    { action: 'mount', image: '' },
    { action: 'mount', image: 7 },
  ]) {
    assert.throws(() => readTask(wrong), InvalidTaskError, JSON.stringify(wrong));
  }
});

test("turns a task's exit code into a cause and a remedy", () => {
  for (const [code, failure] of MOUNT_FAILURES) {
    const error = taskFailed('mount', '/f', code);
    assert.equal(error.failure?.reason, failure.reason);
    assert.match(error.message, /\. .+\.$/, failure.reason);
  }
  assert.equal(taskFailed('mount', '/f', mountFailure('busy').code).failure?.reason, 'busy');
});

test('distinguishes a closed terminal, an interrupt and an unknown exit code', () => {
  assert.match(taskFailed('mount', '/f', undefined).message, /terminal was closed before the mount/);
  assert.match(taskFailed('unmount', '/f', 130).message, /unmount was interrupted/);
  assert.match(taskFailed('remove', '/f', 7).message, /removal failed with exit code 7/);
});
