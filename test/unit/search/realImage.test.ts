import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before, suite } from 'node:test';
import { nameBytes } from '../../../src/layers/tar/byteName.ts';
import { Grep } from '../../support/grep.ts';
import { putRealImage, realImage, requireRealImage, unpackTruth } from '../../support/realImage.ts';
import { startRegistry, type Registry } from '../../support/registry/registry.ts';
import { Pulling } from '../../support/pulling.ts';
import { Searching, type SearchOptions } from './searching.ts';

/** Queries that Peel and grep must agree on. */
const QUERIES: readonly (readonly [text: string, options: SearchOptions, grep: readonly string[]])[] = [
  ['root', { matchCase: true }, ['-F']],
  ['license', {}, ['-iF']],
  ['sh', { matchCase: true, wholeWord: true }, ['-wF']],
  ['ü', { matchCase: true }, ['-F']],
  [String.raw`^[a-z_-]+:[x*]:[0-9]+`, { isRegex: true, matchCase: true }, ['-E']],
  [String.raw`[^a-z/]/bin/[^ ]*sh( |$)`, { isRegex: true }, ['-iE']],
];

suite('the text of a real image', { skip: requireRealImage() }, () => {
  let registry: Registry;
  let pulling: Pulling;
  let bundle: string;
  let grep: Grep;

  before(async () => {
    const image = await realImage();
    registry = await startRegistry();
    pulling = new Pulling();
    putRealImage(registry.store, 'real', image);
    bundle = mkdtempSync(join(tmpdir(), 'peel-grep-'));
    grep = new Grep(await unpackTruth(image, join(bundle, 'bundle')));
  });
  after(async () => {
    rmSync(bundle, { recursive: true, force: true });
    await pulling.end();
    await registry.close();
  });

  for (const form of ['gzip', 'zstd', 'chunked', 'plain'] as const) {
    test(`finds what grep finds in what umoci unpacks: ${form}`, async () => {
      const searching = await Searching.open(pulling, `${registry.host}/real:${form}`);
      for (const [text, options, flags] of QUERIES) {
        const { matches, failures, limited } = await searching.search(text, { ...options, most: 1_000_000 });
        assert.deepEqual([failures, limited], [[], false]);
        const found = new Set(
          matches.map(({ path, line }) => `${grep.canonical(nameBytes(path).toString('latin1'))}:${line}`),
        );
        const expected = grep.find(...flags, '-e', text);
        assert.ok(expected.length > 0, text);
        assert.deepEqual([...found].toSorted(), expected.toSorted(), text);
      }
    });
  }
});
