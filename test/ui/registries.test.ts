import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { image, layer } from '../support/image.ts';
import { createPrivateCa, type PrivateCa } from '../support/privateCa.ts';
import { pushContent } from '../support/push.ts';
import { startRegistry } from '../support/registry/registry.ts';
import { startDockerRegistry, type DockerRegistry } from '../support/servers/dockerRegistry.ts';
import { file } from '../support/tar.ts';
import { requireTool } from '../support/tools.ts';
import { openWindow, startEditor } from './window.ts';

/** Real registries: accounts, a private authority, a slow response. */
const skip = requireTool('docker-registry', 'htpasswd', 'openssl');
const built = image({ layers: [layer([file('etc/motd', 'hello\n')])] });
let editor: EditorServer;
let ca: PrivateCa;
let closed: DockerRegistry;
let secure: DockerRegistry;

before(async () => {
  editor = await startEditor('registries');
  if (skip) return;
  ca = createPrivateCa();
  closed = await startDockerRegistry({ htpasswd: { alice: 's3cret' } });
  await pushContent(closed, 'team/app', built, '1', { user: 'alice', password: 's3cret' });
  secure = await startDockerRegistry({ tls: ca.issue() });
  await pushContent(secure, 'team/app', built, '1', { ca: ca.cert });
});
after(async () => {
  await editor?.stop();
  await Promise.all([closed?.close(), secure?.close()]);
  ca?.close();
});

const listed = (...urls: readonly string[]) => ({ settings: { 'peel.registries': urls.map(url => ({ url })) } });

test(
  'reports a wrong password, lists repositories after a right one, and closes the list on signing out',
  { skip },
  async t => {
    const { workbench } = await openWindow(t, editor, listed(closed.url));
    await workbench.showSidebar('Peel');
    await workbench.expand('Registries', closed.host);
    const failure = workbench.row('Registries', /^Sign-in required/);
    await failure.waitFor();
    // A click on the row runs the action that helps.
    await failure.click();
    await workbench.answer('alice', 'Username');
    await workbench.answer('wr0ng', 'Password');
    const toast = workbench.toast(/refused the user name or password/).first();
    await toast.waitFor();
    assert.doesNotMatch(await toast.innerText(), /wr0ng/);
    await workbench.screenshot('registries-wrong-password');
    await workbench.clickToast(/refused the user name or password/, 'Sign In…');
    await workbench.answer('alice', 'Username');
    await workbench.answer('s3cret', 'Password');
    await workbench.row('Registries', 'team/app').waitFor();
    await workbench.screenshot('registries-signed-in');
    await workbench.contextMenu('Registries', closed.host, 'Sign Out of Registry');
    await workbench.row('Registries', /^Sign-in required/).waitFor();
  },
);

test('shows an untrusted certificate as a row, and trusts it by its authority’s file', { skip }, async t => {
  const { workbench } = await openWindow(t, editor, listed(secure.url));
  await workbench.showSidebar('Peel');
  await workbench.expand('Registries', secure.host);
  const failure = workbench.row('Registries', /^Connection not secure/);
  await failure.waitFor();
  await workbench.screenshot('registries-not-trusted');
  await workbench.inlineAction('Registries', /^Connection not secure/, /Trust/);
  await workbench.pick('Choose a certificate file');
  await workbench.chooseFile(ca.certFile, 'Trust');
  await workbench.row('Registries', 'team/app').waitFor();
});

test('asks for confirmation before accepting any certificate, then lists repositories', { skip }, async t => {
  const { workbench } = await openWindow(t, editor, listed(secure.url));
  await workbench.showSidebar('Peel');
  await workbench.expand('Registries', secure.host);
  await workbench.row('Registries', /^Connection not secure/).click();
  await workbench.pick('Accept any certificate');
  await workbench.answerDialog(/identity isn't verified/, 'Trust');
  await workbench.row('Registries', 'team/app').waitFor();
  const row = (await workbench.rows('Registries')).find(text => text.startsWith(secure.host));
  assert.match(row ?? '', /insecure/);
});

test('adds a registry by its address together with the trust it needs', { skip }, async t => {
  const { workbench } = await openWindow(t, editor, listed());
  await workbench.showSidebar('Peel');
  await workbench.command('Peel: Add Registry…');
  await workbench.answer(secure.url, 'address');
  await workbench.clickToast(/No secure connection/, 'Trust…');
  await workbench.pick('Choose a certificate file');
  await workbench.chooseFile(ca.certFile, 'Trust');
  await workbench.toast(/Added .*No sign-in required/).waitFor();
  await workbench.expand('Registries', secure.host);
  await workbench.row('Registries', 'team/app').waitFor();
});

test('shows progress only for a slow registry, and can be cancelled', async t => {
  const slow = await startRegistry();
  t.after(() => slow.close());
  slow.store.put('team/app', built, '1');
  const { workbench } = await openWindow(t, editor, listed(slow.url));
  await workbench.showSidebar('Peel');
  const held = Promise.withResolvers<void>();
  const fault = slow.fault({ path: '/manifests/' }, async reply => {
    await held.promise;
    return reply;
  });
  await workbench.command('Peel: Open Image…');
  await workbench.answer(`${slow.host}/team/app:1`, 'image reference');
  const toast = workbench.toast(/Opening/);
  await toast.waitFor();
  await workbench.clickToast(/Opening/, 'Cancel');
  await toast.waitFor({ state: 'detached' });
  held.resolve();
  fault.remove();
  assert.equal(await workbench.page.locator('.notification-toast').count(), 0);
  await workbench.command('Peel: Open Image…');
  await workbench.answer(`${slow.host}/team/app:1`, 'image reference');
  await workbench.row('Registries', 'Manifest').waitFor();
});
