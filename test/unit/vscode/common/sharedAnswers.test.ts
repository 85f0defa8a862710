import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedAnswers } from '../../../../src/vscode/common/sharedAnswers.ts';

const never = new AbortController().signal;

test('concurrent callers share one request, and its answer is kept', async () => {
  const answers = new SharedAnswers<number>();
  let asked = 0;
  const ask = async (): Promise<number> => ++asked;
  assert.deepEqual(await Promise.all([answers.get('a', 1e6, never, ask), answers.get('a', 1e6, never, ask)]), [1, 1]);
  assert.equal(await answers.get('a', 1e6, never, ask), 1);
  assert.equal(await answers.get('b', 1e6, never, ask), 2);
});

test('asks again once an answer has expired or was forgotten', async () => {
  const answers = new SharedAnswers<number>();
  let asked = 0;
  const ask = async (): Promise<number> => ++asked;
  await answers.get('a', 0, never, ask);
  assert.equal(await answers.get('a', 1e6, never, ask), 2);
  answers.forget();
  assert.equal(await answers.get('a', 1e6, never, ask), 3);
});

test('does not keep a failure', async () => {
  const answers = new SharedAnswers<number>();
  await assert.rejects(
    answers.get('a', 1e6, never, () => Promise.reject(new Error('down'))),
    /down/,
  );
  assert.equal(await answers.get('a', 1e6, never, async () => 7), 7);
});

test('only the last caller to leave aborts the request', async () => {
  const answers = new SharedAnswers<number>();
  const first = new AbortController();
  const second = new AbortController();
  let shared: AbortSignal | undefined;
  const ask = (signal: AbortSignal): Promise<number> => {
    shared = signal;
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const one = answers.get('a', 1e6, first.signal, ask);
  const two = answers.get('a', 1e6, second.signal, ask);
  first.abort();
  await assert.rejects(one, { name: 'AbortError' });
  assert.equal(shared?.aborted, false);
  second.abort();
  await assert.rejects(two, { name: 'AbortError' });
  assert.equal(shared?.aborted, true);
  assert.equal(await answers.get('a', 1e6, never, async () => 7), 7, 'an aborted request is not joined');
});

test('an aborted signal makes no request', async () => {
  await assert.rejects(
    new SharedAnswers<number>().get('a', 1, AbortSignal.abort(), () => assert.fail('asked')),
    { name: 'AbortError' },
  );
});
