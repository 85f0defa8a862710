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

test('returns all matches, even none, once every layer was searched', () => {
  const run = searched();
  assert.deepEqual(run.allMatches(), []);
  run.found({ path: 'a', layer: 2 }, [match]);
  assert.deepEqual(run.allMatches(), [{ path: 'a', layer: 2, line: 1, column: 1, length: 1, text: 'x' }]);
});

test('reports layers that could not be read when there are no matches', () => {
  const run = searched();
  const lost = new Error('it is damaged');
  run.failed(3, lost);
  assert.throws(
    () => run.allMatches(),
    error => {
      assert.ok(error instanceof LayersNotSearchedError);
      assert.equal(
        error.message,
        'The search is incomplete: layer 3 could not be read. it is damaged. The other layers have no matches.',
      );
      assert.deepEqual([error.failures, error.matches, error.cause], [[{ layer: 3, error: lost }], [], lost]);
      return true;
    },
  );
});

test('keeps the matches of the other layers with the reason', () => {
  const run = searched();
  run.failed(3, new Error('It is damaged.'));
  run.found({ path: 'a', layer: 2 }, [match]);
  run.failed(1, 'lost');
  run.failed(1, 'lost again');
  assert.throws(
    () => run.allMatches(),
    error => {
      assert.ok(error instanceof LayersNotSearchedError);
      assert.match(error.message, /layers 1, 3 could not be read\. It is damaged\. The other layers have 1 match\.$/);
      assert.deepEqual(error.matches, run.matches());
      return true;
    },
  );
});
