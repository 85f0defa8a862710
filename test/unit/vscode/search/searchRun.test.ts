import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference } from '../../../../src/oci/reference.ts';
import type { ResolvedImage } from '../../../../src/oci/image.ts';
import { LayersNotSearchedError } from '../../../../src/vscode/search/layersNotSearched.ts';
import { SearchRun } from '../../../../src/vscode/search/searchRun.ts';

const place = { image: { reference: parseReference('r.test/app:1') } as ResolvedImage, name: 'app:1', path: '' };
const terms = { text: 'x', isRegex: false, matchCase: false, wholeWord: false, include: '', exclude: '' };
const match = { line: 1, column: 1, length: 1, text: 'x', start: 0 };
const searched = (): SearchRun => new SearchRun(place, terms, 10, () => undefined);

test('a search is whole when every layer was searched, also when nothing was found', () => {
  const run = searched();
  assert.deepEqual(run.allMatches(), []);
  run.found({ path: 'a', layer: 2 }, [match]);
  assert.deepEqual(run.allMatches(), [{ path: 'a', layer: 2, line: 1, column: 1, length: 1, text: 'x' }]);
});

test('no matches are no answer when a layer could not be read', () => {
  const run = searched();
  const lost = new Error('it is damaged');
  run.failed(3, lost);
  assert.throws(
    () => run.allMatches(),
    error => {
      assert.ok(error instanceof LayersNotSearchedError);
      assert.equal(
        error.message,
        'Not all was searched: layer 3 could not be read. it is damaged. What was searched has no matches.',
      );
      assert.deepEqual([error.failures, error.matches, error.cause], [[{ layer: 3, error: lost }], [], lost]);
      return true;
    },
  );
});

test('what the other layers have is kept with the reason', () => {
  const run = searched();
  run.failed(3, new Error('It is damaged.'));
  run.found({ path: 'a', layer: 2 }, [match]);
  run.failed(1, 'lost');
  run.failed(1, 'lost again');
  assert.throws(
    () => run.allMatches(),
    error => {
      assert.ok(error instanceof LayersNotSearchedError);
      assert.match(error.message, /layers 1, 3 could not be read\. It is damaged\. What was searched has 1 match\.$/);
      assert.deepEqual(error.matches, run.matches());
      return true;
    },
  );
});
