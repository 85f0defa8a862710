import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { AuthFile, dockerAuthFile, podmanAuthFiles } from '../../../../src/registry/auth/authFile.ts';
import { AuthFileError } from '../../../../src/registry/auth/authEntries.ts';
import { askCredentialHelper, CredentialHelperError } from '../../../../src/registry/auth/credentialHelper.ts';
import type { Credential } from '../../../../src/registry/auth/credentials.ts';
import { type TempFolder, tempFolder } from '../../../support/servers/process.ts';

const SIGNAL = new AbortController().signal;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('account files', () => {
  let folder: TempFolder;
  beforeEach(() => void (folder = tempFolder('auth')));
  afterEach(() => folder.remove());

  function fileOf(content: unknown): AuthFile {
    const path = join(folder.path, 'config.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return new AuthFile(path, { PATH: folder.path });
  }

  /** Installs a helper that knows some servers, and logs those it is asked for. */
  function helper(name: string, answers: Record<string, unknown>): () => string[] {
    const path = join(folder.path, `docker-credential-${name}`);
    const log = join(folder.path, `${name}.log`);
    const cases = Object.entries(answers).map(
      ([server, answer]) => `'${server}') printf '%s' '${JSON.stringify(answer)}' ;;`,
    );
    writeFileSync(
      path,
      `#!/bin/sh\n[ "$1" = get ] || exit 9\nread -r server\n[ -n "$server" ] || server=$(cat)\necho "$server" >> '${log}'\ncase "$server" in\n${cases.join('\n')}\n*) echo 'credentials not found in native keychain'; exit 1 ;;\nesac\n`,
    );
    chmodSync(path, 0o755);
    // The helper is a shell script that needs the system's tools.
    return () => {
      try {
        return readFileSync(log, 'utf8').trim().split('\n');
      } catch {
        return [];
      }
    };
  }

  const find = (file: AuthFile, registry: string, repository?: string): Promise<Credential | undefined> =>
    file.find(registry, repository, SIGNAL);

  it('have accounts in every form', async () => {
    const file = fileOf({
      auths: {
        'a.example': { auth: base64('alice:pass:word') },
        'https://b.example': { auth: base64('bob:padded\0\0') },
        'https://c.example/v1/': { username: 'carol', password: 'ü' },
        'D.example:5000': { identitytoken: 'refresh', auth: base64('<token>:') },
        'e.example': { registrytoken: 'as-it-is' },
        'f.example': {},
        'g.example': { auth: 'no base64 %%' },
        'h.example': null,
        'https://index.docker.io/v1/': { auth: base64('hub:user') },
      },
    });
    assert.deepEqual(await find(file, 'a.example'), { username: 'alice', password: 'pass:word' });
    assert.deepEqual(await find(file, 'b.example'), { username: 'bob', password: 'padded' });
    assert.deepEqual(await find(file, 'c.example'), { username: 'carol', password: 'ü' });
    assert.deepEqual(await find(file, 'd.example:5000'), { identityToken: 'refresh' });
    assert.deepEqual(await find(file, 'e.example'), { registryToken: 'as-it-is' });
    assert.deepEqual(await find(file, 'docker.io'), { username: 'hub', password: 'user' });
    for (const none of ['f.example', 'g.example', 'h.example', 'example', 'a.example:443', 'constructor'])
      assert.equal(await find(file, none), undefined, none);
  });

  it('may have accounts for parts of a registry, the most specific first', async () => {
    const file = fileOf({
      auths: {
        'r.example/team/app': { auth: base64('app:1') },
        'r.example/team': { auth: base64('team:2') },
        'r.example': { auth: base64('all:3') },
        'docker.io/me': { auth: base64('me:4') },
      },
    });
    const name = async (registry: string, repository?: string): Promise<unknown> => {
      const found = await find(file, registry, repository);
      return found && 'username' in found ? found.username : found;
    };
    assert.equal(await name('r.example', 'team/app'), 'app');
    assert.equal(await name('r.example', 'team/app/sub'), 'app');
    assert.equal(await name('r.example', 'team/apple'), 'team');
    assert.equal(await name('r.example', 'other'), 'all');
    assert.equal(await name('r.example'), 'all');
    assert.equal(await name('docker.io', 'me/x'), 'me');
    assert.equal(await name('docker.io', 'library/x'), undefined);
  });

  it('have the exact key first, and no {} before an account', async () => {
    const account = (name: string): object => ({ auth: base64(`${name}:x`) });
    const cases: [object, string, string, string][] = [
      [{ 'https://r.example/v1/': account('url'), 'r.example': account('exact') }, 'r.example', 'a', 'exact'],
      [{ 'r.example': {}, 'https://r.example': account('url') }, 'r.example', 'a', 'url'],
      [{ 'r.example/team': {}, 'r.example': account('all') }, 'r.example', 'team/app', 'all'],
      [{ 'r.example/team': { auth: 'junk' }, 'R.example': account('all') }, 'r.example', 'team/app', 'all'],
      [
        { 'https://index.docker.io/v1/': account('index'), 'docker.io': account('exact') },
        'docker.io',
        'library/x',
        'exact',
      ],
      [
        { 'index.docker.io': account('index'), 'https://docker.io': account('docker') },
        'docker.io',
        'library/x',
        'docker',
      ],
      [{ 'docker.io': {}, 'https://index.docker.io/v1/': account('index') }, 'docker.io', 'library/x', 'index'],
      [{ 'index.docker.io/me': account('mine'), 'docker.io': account('all') }, 'docker.io', 'me/x', 'mine'],
    ];
    for (const [auths, registry, repository, user] of cases) {
      const found = await find(fileOf({ auths }), registry, repository);
      assert.equal(found && 'username' in found && found.username, user, JSON.stringify(auths));
    }
  });

  it('are asked helper by helper: credHelpers, credsStore, auths', async () => {
    const one = helper('one', { 'a.example': { ServerURL: 'a.example', Username: 'from-one', Secret: 's' } });
    const store = helper('store', {
      'https://b.example': { Username: '<token>', Secret: 'identity' },
      'https://index.docker.io/v1/': { Username: 'hub', Secret: 's' },
    });
    const file = fileOf({
      credHelpers: { 'a.example': 'one', 'x.example': 'one' },
      credsStore: 'store',
      auths: { 'a.example': { auth: base64('wrong:one') }, 'c.example': { auth: base64('plain:text') } },
    });
    const withTools = new AuthFile(file.name, { PATH: `${folder.path}:/usr/bin:/bin` });
    assert.deepEqual(await find(withTools, 'a.example'), { username: 'from-one', password: 's' });
    assert.deepEqual(await find(withTools, 'b.example'), { identityToken: 'identity' });
    assert.deepEqual(await find(withTools, 'docker.io'), { username: 'hub', password: 's' });
    assert.deepEqual(await find(withTools, 'c.example'), { username: 'plain', password: 'text' });
    assert.equal(await find(withTools, 'x.example'), undefined);
    assert.deepEqual(one(), ['a.example', 'x.example', 'https://x.example']);
    assert.deepEqual(store(), [
      'b.example',
      'https://b.example',
      'https://index.docker.io/v1/',
      'c.example',
      'https://c.example',
    ]);
  });

  it('with a missing helper still provide their own accounts', async () => {
    const file = fileOf({ credsStore: 'gone', auths: { 'a.example': { auth: base64('a:b') } } });
    assert.deepEqual(await find(file, 'a.example'), { username: 'a', password: 'b' });
    await assert.rejects(
      find(file, 'b.example'),
      error => error instanceof CredentialHelperError && /not installed/.test(error.message),
    );
  });

  it('have no account if missing or empty, and reveal nothing if damaged', async () => {
    assert.equal(await new AuthFile(join(folder.path, 'none'), {}).find('a', undefined, SIGNAL), undefined);
    assert.equal(await find(fileOf(''), 'a'), undefined);
    for (const content of ['{}', '{"auths":null}', '{"auths":[]}', '{"auths":5,"credHelpers":7,"credsStore":{}}'])
      assert.equal(await find(fileOf(content), 'a.example'), undefined, content);
    for (const content of ['{"auths": {"a": {"auth": "topsecret', '[]', '"topsecret"']) {
      await assert.rejects(
        find(fileOf(content), 'a'),
        error => error instanceof AuthFileError && !inspect(error, { showHidden: true }).includes('topsecret'),
      );
    }
    const bom = fileOf(`\uFEFF${JSON.stringify({ auths: { a: { auth: base64('a:b') } } })}`);
    assert.deepEqual(await find(bom, 'a'), { username: 'a', password: 'b' });
  });

  it('are found where Docker and podman put them', () => {
    assert.equal(dockerAuthFile({}, '/home/x').name, '/home/x/.docker/config.json');
    assert.equal(dockerAuthFile({ DOCKER_CONFIG: '/etc/d' }, '/home/x').name, '/etc/d/config.json');
    const podman = (environment: Record<string, string>): string[] =>
      podmanAuthFiles(environment, '/home/x').map(({ name }) => name);
    assert.deepEqual(podman({ REGISTRY_AUTH_FILE: '/a', XDG_RUNTIME_DIR: '/run/1' }), ['/a']);
    assert.deepEqual(podman({ XDG_RUNTIME_DIR: '/run/1' }), [
      '/run/1/containers/auth.json',
      '/home/x/.config/containers/auth.json',
    ]);
    assert.deepEqual(podman({ XDG_CONFIG_HOME: '/c' }), ['/c/containers/auth.json']);
  });
});

describe('credential helpers', () => {
  const folder = tempFolder('helper');
  after(() => folder.remove());
  const environment = { PATH: `relative:${folder.path}:/usr/bin:/bin` };

  function script(name: string, body: string): string {
    const path = join(folder.path, `docker-credential-${name}`);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return name;
  }
  const asked = (name: string, signal = SIGNAL): Promise<Credential | undefined> =>
    askCredentialHelper(name, 'https://r.example', environment, signal);

  it('with an invalid name are not run', async () => {
    for (const name of ['', '../x', 'a/b', 'a b', 'a;reboot', '$(id)', '-x', 'x'.repeat(200), '.hidden', 'a\nb']) {
      await assert.rejects(
        asked(name),
        error => error instanceof CredentialHelperError && /name/.test(error.message),
        name,
      );
    }
  });

  it('are not searched in relative folders', async () => {
    mkdirSync(join(folder.path, 'relative'));
    const path = join(folder.path, 'relative', 'docker-credential-planted');
    writeFileSync(path, '#!/bin/sh\necho \'{"Username":"x","Secret":"y"}\'\n');
    chmodSync(path, 0o755);
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      await assert.rejects(asked('planted'), /not installed/);
    } finally {
      process.chdir(before);
    }
  });

  it('get the server on standard input, not through a shell', async () => {
    const name = script('echo', 'printf \'{"Username":"%s","Secret":"s"}\' "$1 $(cat)"');
    assert.deepEqual(await asked(name), { username: 'get https://r.example', password: 's' });
  });

  it('that fail are reported without their output', async () => {
    const cases = {
      fails: 'echo topsecret; exit 3',
      talks: 'echo topsecret',
      silent: 'exit 0',
      huge: 'head -c 1000000 /dev/zero',
      halves: 'echo \'{"Username":"topsecret"}\'',
    };
    for (const [name, body] of Object.entries(cases)) {
      await assert.rejects(
        asked(script(name, body)),
        error => error instanceof CredentialHelperError && !inspect(error, { showHidden: true }).includes('topsecret'),
        name,
      );
    }
    assert.equal(await asked(script('empty', 'echo "credentials not found in native keychain"; exit 1')), undefined);
  });

  it('that hang are killed when the caller aborts', async () => {
    const abort = new AbortController();
    const waiting = asked(script('hangs', 'exec sleep 600'), abort.signal);
    setTimeout(() => abort.abort(new Error('no patience')), 50);
    await assert.rejects(waiting, /no patience/);
  });
});
