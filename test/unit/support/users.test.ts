import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createTestUser, requireTestUser, runAs } from '../../support/users.ts';

describe('a test user', { skip: requireTestUser() }, () => {
  it('can use sudo only with the password, and leaves nothing behind', async () => {
    const user = await createTestUser();
    try {
      assert.equal((await runAs(user, ['id', '-un'])).trim(), user.name);
      await assert.rejects(runAs(user, ['sudo', '-n', 'true']));
      const shell = `echo ${user.password} | sudo -S -p '' id -u`;
      assert.equal((await runAs(user, ['sh', '-c', shell])).trim(), '0');
      await runAs(user, ['sh', '-c', 'sleep 100 >/dev/null 2>&1 &']);
    } finally {
      await user.remove();
    }
    assert.ok(!existsSync(user.home));
    assert.ok(!existsSync(`/etc/sudoers.d/${user.name}`));
    assert.ok(!readFileSync('/etc/passwd', 'utf8').includes(user.name));
  });
});
