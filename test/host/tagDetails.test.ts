import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { image, layer } from '../support/image.ts';
import { jsonReply } from '../support/registry/reply.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { file } from '../support/tar.ts';
import { peel, refusal, SHA256 } from './commands.ts';

interface Detail {
  readonly tag: string;
  readonly digest: string;
  readonly size?: number;
  readonly pushed?: string;
  readonly created?: string;
  readonly aliases: readonly string[];
}

describe('tags with details, and repositories by owner', () => {
  let registry: Registry;

  before(async () => {
    registry = await startRegistry();
    const one = image({ layers: [layer([file('a', 'a')])] });
    const two = image({ layers: [layer([file('b', 'b')])] });
    registry.store.put('team/app', one, '1.0');
    registry.store.put('team/app', two, '2.0');
    registry.store.put('team/app', two, 'latest');
    registry.store.put('team/tool', one, 'latest');
    registry.store.put('other/app', one, 'latest');
  });
  after(() => registry.close());

  it('names digests, sizes and tags of the same image', async () => {
    const details = await peel<Detail[]>('listTags', { repository: `${registry.host}/team/app`, details: true });
    assert.deepEqual(
      details.map(({ tag, aliases }) => [tag, aliases]),
      [
        ['latest', ['2.0']],
        ['2.0', ['latest']],
        ['1.0', []],
      ],
    );
    for (const { digest, size } of details) {
      assert.match(digest, SHA256);
      assert.ok(size !== undefined && size > 0);
    }
  });

  it('asks for each image once, however many tags it has', async () => {
    const asked = registry.requests.filter(({ method, path }) => method === 'GET' && path.includes('/manifests/'));
    assert.equal(
      new Set(asked.map(({ path }) => path)).size,
      asked.length,
      JSON.stringify(asked.map(({ path }) => path)),
    );
    assert.ok(asked.length <= 2);
  });

  it('stays with names once the registry limits its rate', async () => {
    const fault = registry.faults.add({ method: 'HEAD' }, () =>
      jsonReply(429, { errors: [{ code: 'TOOMANYREQUESTS' }] }),
    );
    try {
      const details = await peel<Detail[]>('listTags', { repository: `${registry.host}/team/app`, details: true });
      assert.deepEqual(
        details.map(({ tag }) => tag),
        ['latest', '2.0', '1.0'],
      );
    } finally {
      fault.remove();
    }
  });

  it('lists all repositories, or those of an owner', async () => {
    assert.deepEqual(await peel('listRepositories', { registry: registry.host }), [
      'other/app',
      'team/app',
      'team/tool',
    ]);
    assert.deepEqual(await peel('listRepositories', { registry: registry.host, owner: 'team' }), [
      'team/app',
      'team/tool',
    ]);
    assert.match(
      await refusal('listTags', { repository: `${registry.host}/team/app`, details: 'yes' }),
      /true or false/,
    );
  });
});
