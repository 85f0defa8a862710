import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { type BuiltImage, image, index, layer } from '../support/image.ts';
import { SERVICE } from '../support/registry/access.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { file } from '../support/tar.ts';
import { peel, workspaceFolder } from './commands.ts';

/** Ms that the registry takes for an answer, so that what is sent at once overlaps. */
const DELAY = 250;

interface Answered {
  readonly what: string;
  readonly from: number;
  readonly to: number;
}

/** The answers of a registry while something is done. */
class Answers {
  readonly #all: Answered[] = [];
  #seen = 0;

  constructor(registry: Registry) {
    registry.fault({}, async (reply, { method, path, status }) => {
      const from = performance.now();
      this.#seen += 1;
      await sleep(DELAY);
      this.#all.push({ what: nameOf(method, path, reply.status || status), from, to: performance.now() });
      return reply;
    });
  }

  /** Waits until nothing has been asked for a while: rows load in the background. */
  async quiet(): Promise<void> {
    for (let since = -1; since !== this.#seen;) {
      since = this.#seen;
      await sleep(3 * DELAY);
    }
  }

  /** Returns what was asked, sorted, and how many requests had to wait for the one before. */
  take(): { readonly asked: readonly string[]; readonly rounds: number } {
    const all = this.#all.splice(0).toSorted((one, other) => one.from - other.from);
    const depths: number[] = [];
    for (const { from } of all) {
      const before = depths.filter((_, at) => (all[at]?.to ?? Infinity) <= from);
      depths.push(1 + Math.max(0, ...before));
    }
    return { asked: all.map(({ what }) => what).toSorted(), rounds: Math.max(0, ...depths) };
  }
}

function nameOf(method: string, path: string, status: number): string {
  const [, what = path] = /\/(manifests|blobs|referrers|tags|_catalog|token)\b/.exec(path) ?? [];
  const of = /manifests\/sha256:/.test(path) ? `${what} by digest` : what;
  return `${method === 'GET' ? '' : `${method} `}${of}${status === 200 ? '' : ` ${status}`}`;
}

const linux = { os: 'linux', architecture: 'amd64' };
const platform = 'linux/amd64';

for (const tokens of [false, true]) {
  describe(`requests of a registry ${tokens ? 'with tokens' : 'without accounts'}`, () => {
    let registry: Registry;
    let answers: Answers;
    const reference = (tag = 'indexed'): string => `${registry.host}/team/app:${tag}`;
    const made = (name: string): BuiltImage =>
      image({
        platform: linux,
        layers: ['etc/a', 'etc/b'].map(path => layer([file(path, `${path} of ${name} ${tokens}`)])),
      });

    before(async () => {
      const challenge = ({ scope }: { readonly scope: string }): string =>
        `Bearer realm="/token",service="${SERVICE}"${scope === '' ? '' : `,scope="${scope}"`}`;
      registry = await startRegistry(tokens ? { access: { scheme: 'bearer', challenge } } : {});
      registry.store.put('team/app', index([{ content: made('indexed'), platform: linux }]), 'indexed');
      registry.store.put('team/app', made('single'), 'single');
      registry.store.put('team/app', made('other'), 'other');
      if (tokens) await peel('signIn', { registry: registry.host, username: 'alice', password: 's3cret' });
      answers = new Answers(registry);
    });
    after(async () => {
      await peel('removeRegistry', { registry: registry.host });
      await registry.close();
      rmSync(join(workspaceFolder(), 'images'), { recursive: true, force: true });
    });

    /** Each with what it asks, in any order, and in how many rounds. */
    const gestures: readonly (readonly [string, () => Promise<unknown>, number, readonly string[]])[] = [
      [
        'addRegistry',
        () => peel('addRegistry', { url: registry.url }),
        tokens ? 3 : 2,
        tokens ? ['/v2/ 401', 'token', '_catalog'] : ['/v2/', '_catalog'],
      ],
      // The rows on the way to the image list their registry and repository.
      [
        'openImage, with its row down to the platforms',
        () => peel('openImage', { reference: reference() }),
        tokens ? 6 : 4,
        [...(tokens ? ['manifests 401', 'token'] : []), '_catalog', 'manifests', 'manifests by digest', 'tags'],
      ],
      ['showManifest', () => peel('showManifest', { reference: reference() }), 0, []],
      ['showConfig', () => peel('showConfig', { reference: reference() }), 1, ['blobs']],
      ['listFiles', () => peel('listFiles', { reference: reference(), platform }), 1, ['blobs', 'blobs']],
      ['openFile', () => peel('openFile', { reference: reference(), platform, path: 'etc/a' }), 0, []],
      [
        'pullImage of what was browsed',
        () => peel('pullImage', { reference: reference(), platform }),
        1,
        ['manifests'],
      ],
      ['pullImage again', () => peel('pullImage', { reference: reference(), platform }), 1, ['manifests']],
      [
        'compareImages',
        () => peel('compareImages', { left: { reference: reference() }, right: { reference: reference('other') } }),
        3,
        ['manifests', 'blobs', 'blobs', 'blobs'],
      ],
      [
        'pullImage of another tag',
        () => peel('pullImage', { reference: reference('single'), platform }),
        3,
        ['manifests', 'blobs', 'blobs', 'blobs'],
      ],
    ];
    for (const [name, act, rounds, asked] of gestures) {
      it(`of ${name}: ${asked.length} in ${rounds} rounds`, async () => {
        await answers.quiet();
        answers.take();
        await act();
        await answers.quiet();
        const found = answers.take();
        assert.deepEqual(found.asked, asked.toSorted());
        assert.ok(found.rounds <= rounds, `${found.rounds} rounds`);
      });
    }

    it('of a tag that moved are sent when its image is opened again', async () => {
      const moved = registry.store.put('team/app', made('moved'), 'indexed');
      assert.equal((await peel<{ digest: string }>('openImage', { reference: reference() })).digest, moved);
    });
  });
}
