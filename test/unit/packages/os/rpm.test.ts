import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { DamagedDatabaseError } from '../../../../src/packages/os/databaseBytes.ts';
import type { Package } from '../../../../src/packages/package.ts';
import { rpmHeaders } from '../../../../src/packages/os/rpmDatabases.ts';
import { readRpmHeader } from '../../../../src/packages/os/rpmHeader.ts';
import { tableRows } from '../../../../src/packages/os/sqliteTable.ts';
import {
  berkeleyOf,
  headersOf,
  makeRpmDatabase,
  ndbOf,
  RPM_TOOLS,
  type RpmListing,
} from '../../../support/rpmDatabase.ts';
import { requireTool } from '../../../support/tools.ts';

const readRpm = (file: Buffer, log?: Buffer): Package[] => [...rpmHeaders(file, log)].map(readRpmHeader);

describe('databases of rpm', { skip: requireTool(...RPM_TOOLS) }, () => {
  let scratch: string;
  let listing: RpmListing;
  const files = new Map<string, Buffer>();

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'peel-rpm-'));
    const many = Array.from({ length: 250 }, (_, at) => `part-${at}`);
    const made = await makeRpmDatabase(scratch, [
      { name: 'alpha', version: '1.0', epoch: 2 },
      { name: 'kernel', version: '6.1', changes: 3_000 },
      { name: 'kernel', version: '6.12', changes: 90_000 },
      { name: 'parts', version: '3~rc1', more: many },
      { name: 'both', version: '1', target: 'x86_64' },
      { name: 'both', version: '1', target: 'i686' },
    ]);
    listing = made.listing;
    const headers = headersOf(made.path);
    files.set('sqlite', readFileSync(made.path));
    files.set('Berkeley DB', await berkeleyOf(headers, scratch));
    files.set('Berkeley DB, the other byte order', await berkeleyOf(headers, scratch, 4321));
    files.set('ndb', ndbOf(headers));
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  const fileOf = (kind: string): Buffer => {
    const file = files.get(kind);
    assert.ok(file);
    return file;
  };
  const kinds = ['sqlite', 'Berkeley DB', 'Berkeley DB, the other byte order', 'ndb'];

  for (const kind of kinds) {
    test(`are read as rpm reads them: ${kind}`, () => {
      const found = readRpm(fileOf(kind));
      assert.equal(found.length, 256);
      assert.deepEqual(
        found.map(({ name, version, arch }) => [name, version, arch].join(' ')).toSorted(),
        listing.map(line => line.join(' ')).toSorted(),
      );
    });

    test(`do no harm when damaged: ${kind}`, () => {
      const whole = fileOf(kind);
      // The same places in every run, all over the file.
      for (let round = 1; round <= 300; round++) {
        const bytes = Buffer.from(round % 10 === 0 ? whole.subarray(0, (round * 7919) % whole.length) : whole);
        for (let hit = 1; hit <= 1 + (round % 40) && bytes.length > 0; hit++) {
          // Every other hit is at the start, where the file describes itself.
          const at =
            (round * 104_729 + hit * 15_485_863) % (hit % 2 === 0 ? Math.min(4096, bytes.length) : bytes.length);
          bytes[at] = (round * 31 + hit * 17) & 0xff;
        }
        try {
          readRpm(bytes);
        } catch (error) {
          assert.ok(error instanceof DamagedDatabaseError, `${round}: ${String(error)}`);
        }
      }
    });
  }

  test('are read with what the write-ahead log of SQLite has committed', () => {
    const path = join(scratch, 'log.sqlite');
    writeFileSync(path, fileOf('sqlite'));
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
    const numbers = database.prepare('SELECT hnum FROM Packages ORDER BY hnum DESC LIMIT 60').all();
    const remove = (rows: typeof numbers): void => {
      for (const { hnum } of rows) database.exec(`DELETE FROM Packages WHERE hnum = ${String(hnum)}`);
    };
    remove(numbers.slice(0, 20));
    const committed = statSync(`${path}-wal`).size;
    // A cache this small writes pages to the log before they are committed, and these never are.
    database.exec('PRAGMA cache_size = 2; BEGIN');
    remove(numbers.slice(20));
    const [file, log] = [readFileSync(path), readFileSync(`${path}-wal`)];
    database.exec('ROLLBACK');
    database.close();
    assert.ok(log.length > committed, 'the log has something uncommitted');
    assert.equal([...rpmHeaders(file)].length, 256, 'without the log');
    assert.equal([...rpmHeaders(file, log)].length, 236);
    assert.equal([...rpmHeaders(file, log.subarray(0, log.length - 100))].length, 236, 'a truncated log');
    assert.equal([...rpmHeaders(file, Buffer.alloc(0))].length, 256, 'an empty log');
    for (let at = 0; at < log.length; at += 9_973) {
      const bytes = Buffer.from(log);
      bytes.fill(0xff, at, at + 300);
      try {
        readRpm(file, bytes);
      } catch (error) {
        assert.ok(error instanceof DamagedDatabaseError);
      }
    }
  });

  test('have the values that SQLite wrote', () => {
    const rows = [...tableRows(fileOf('sqlite'), 'sqlite_sequence')];
    assert.deepEqual(rows, [['Packages', 256]]);
    assert.throws(() => [...tableRows(fileOf('sqlite'), 'Missing')], DamagedDatabaseError);
  });
});

test('refuses what is not a database of rpm', () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('hello'),
    Buffer.alloc(8192),
    Buffer.from('RpmP'),
    Buffer.from('SQLite'),
  ])
    assert.throws(() => readRpm(bytes), DamagedDatabaseError);
});
