import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { openWindow, startEditor } from './window.ts';

/**
 * Takes the README's screenshot, `out/screenshots/readme.png`. Copy it to `media/screenshot.png`
 * when the appearance has changed.
 */
let editor: EditorServer;
let demo: Registry;
before(async () => {
  demo = await startRegistry();
  fillDemo(demo);
  editor = await startEditor('picture');
});
after(async () => {
  await editor?.stop();
  await demo?.close();
});

const NAME = 'registry.example.com';

// The test's name becomes the folder's name, which the screenshot shows.
test('my project', async t => {
  const settings = {
    'workbench.colorTheme': 'Default Dark Modern',
    'peel.registries': [
      { name: 'docker.io', url: 'https://registry-1.docker.io' },
      { name: NAME, url: demo.url },
    ],
    'editor.fontSize': 13,
  };
  const { workbench } = await openWindow(t, editor, { settings });
  await workbench.showSidebar('Peel');
  await workbench.widenSidebar(90);
  await workbench.command('Peel: Pull Image…');
  await workbench.answer(`${NAME}/demo/hello:2.0.0`, 'image reference');
  await workbench.toast(/Pulled/).waitFor({ timeout: 60_000 });
  await workbench.clickToast(/Pulled/, 'Show in Images');
  await workbench.row('Images', 'Manifest').waitFor();
  await workbench.expandPath('Images', 'Layers', /^2 · /, 'app');
  await workbench.expandPath('Registries', NAME, 'demo/hello', '2.0.0');
  await workbench.row('Registries', /^linux\/amd64/).waitFor();
  await workbench.row('Registries', 'demo/hello').hover();
  // The last rows are below the edge of the view.
  await workbench.row('Images', '.env').hover();
  await workbench.until('settings.json is in view', async () => {
    await workbench.page.mouse.wheel(0, 200);
    return (await workbench.row('Images', 'settings.json').count()) > 0;
  });
  await workbench.row('Images', 'settings.json').click();
  await workbench.waitForEditor(/"greeting"/);
  await workbench.row('Registries', 'Manifest').first().click();
  await workbench.waitForEditor(/"manifests"/);
  await workbench.clearToasts();
  await workbench.page.mouse.move(900, 600);
  await workbench.screenshot('readme');
});
