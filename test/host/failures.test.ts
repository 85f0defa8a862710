import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { PlatformNotFoundError } from '../../src/oci/choosePlatform.ts';
import { DamagedFolderError } from '../../src/pull/folderErrors.ts';
import { MOUNT_FAILURES, mountFailure } from '../../src/overlay/failures.ts';
import {
  AccountRefusedError,
  ClientCertificateNeededError,
  ConnectionRefusedError,
  ForbiddenError,
  InsecureRefusedError,
  NoCatalogError,
  NotFoundError,
  RateLimitedError,
  ServerError,
  TlsError,
  UnauthorizedError,
} from '../../src/registry/errors.ts';
import { describeFailure } from '../../src/vscode/common/failures.ts';
import { InvalidSettingError } from '../../src/vscode/common/errors.ts';
import { UntrustedWorkspaceError } from '../../src/vscode/common/errors.ts';
import { taskFailed } from '../../src/vscode/mount/taskFailure.ts';

const where = { registry: 'r.example', repository: 'a/b' };

/** Returns the titles of a failure's buttons. */
const titles = (error: unknown): string[] => describeFailure(error).actions.map(({ title }) => title);

describe('failures', () => {
  it('offer the helpful action first', () => {
    const cases: [unknown, string | undefined][] = [
      [new UnauthorizedError(where), 'Sign In…'],
      [new AccountRefusedError(where), 'Sign In…'],
      [new ForbiddenError(where), 'Sign In…'],
      [new RateLimitedError(where, 10, 0), 'Sign In…'],
      [new TlsError('SELF_SIGNED_CERT_IN_CHAIN', 'advice', where), 'Trust…'],
      [new InsecureRefusedError(where), 'Trust…'],
      [new ClientCertificateNeededError('an alert', where), 'Open Settings'],
      [new NoCatalogError(where), 'Open Image…'],
      [new NotFoundError('manifest', 'latest', where, { suggestion: 'library/a' }), 'Open library/a'],
      [new NotFoundError('repository', undefined, where, { orNoAccess: true }), 'Sign In…'],
      [new InvalidSettingError('registries[0]', 'is wrong'), 'Open Settings'],
      [new UntrustedWorkspaceError(), 'Manage Trust'],
      [new DamagedFolderError('/w/images/a'), 'Remove Image…'],
      [new PlatformNotFoundError({ os: 'linux', architecture: 'amd64' }, []), undefined],
    ];
    for (const [error, title] of cases) assert.equal(titles(error)[0], title, String(error));
  });

  it('apply to the registry that they came from', () => {
    const [signIn] = describeFailure(new UnauthorizedError(where)).actions;
    assert.deepEqual(signIn?.argument, { registry: 'r.example' });
  });

  it('can be retried only if that may help', () => {
    assert.equal(describeFailure(new ConnectionRefusedError(where)).retry, true);
    assert.equal(describeFailure(new ServerError(503, undefined, undefined, where)).retry, true);
    assert.equal(describeFailure(new ServerError(400, undefined, undefined, where)).retry, false);
    assert.equal(describeFailure(new UnauthorizedError(where)).retry, false);
  });

  it('of the file system have readable messages', () => {
    let failure;
    try {
      readFileSync('/nowhere/at/all');
    } catch (error) {
      failure = describeFailure(error);
    }
    assert.match(failure?.message ?? '', /\/nowhere\/at\/all does not exist/);
    const full = Object.assign(new Error('x'), { code: 'ENOSPC', syscall: 'write', path: '/full/file' });
    assert.match(describeFailure(full).message, /disk is full.*\/full\/file/);
  });

  it('that were not foreseen say so, and offer the log', () => {
    const failure = describeFailure(new TypeError('x is not a function'));
    assert.match(failure.message, /unexpected.*x is not a function/);
    assert.deepEqual(titles(new TypeError('x')), ['Show Log']);
    assert.match(describeFailure('a text').message, /a text/);
  });

  it('are not reported if the user cancelled', () => {
    assert.equal(describeFailure(new vscode.CancellationError()).cancelled, true);
    assert.equal(describeFailure(new DOMException('This operation was aborted', 'AbortError')).cancelled, true);
  });

  it('of mounts offer each alternative that they name, by an existing command', async () => {
    const commands = new Set(await vscode.commands.getCommands(true));
    for (const [code, failure] of MOUNT_FAILURES) {
      const { actions } = describeFailure(taskFailed('mount', '/f', code));
      for (const { command } of actions) assert.ok(commands.has(command), `${failure.reason}: ${command}`);
      if (failure.remedy.includes('Extract Merged')) assert.ok(actions.length > 0, failure.reason);
    }
    assert.deepEqual(titles(taskFailed('unmount', '/f', mountFailure('busy').code)), ['Force Unmount (Lazy)']);
  });
});
