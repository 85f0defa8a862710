import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { openWindow, startEditor } from './window.ts';

let editor: EditorServer;
before(async () => {
  editor = await startEditor('walkthrough');
});
after(() => editor?.stop());

test('the walkthrough opens, with a picture and a button for every step', async t => {
  const { workbench } = await openWindow(t, editor);
  await workbench.command('Welcome: Open Walkthrough...');
  await workbench.pick('Container images without an engine');
  const { page } = workbench;
  // Pictures are shown next to the steps if there is room for them.
  await page.setViewportSize({ width: 1600, height: 900 });
  await page.getByText('Container images without an engine').first().waitFor();
  const steps = {
    registry: ['Name a registry', 'Add Registry…'],
    image: ['Open an image', 'Open Image…'],
    pull: ['Pull it', 'Pull Image…'],
    mount: ['Mount it', 'Mount Image'],
    shell: ['Look around, and unmount', 'Open Shell in Image'],
  } as const;
  for (const [name, [title, button]] of Object.entries(steps)) {
    await page.locator(`.getting-started-step[data-step-id$="#${name}"]`).click();
    await page.locator('.getting-started-step.expanded', { hasText: title }).getByText(button).first().waitFor();
    const picture = page
      .frameLocator('iframe.webview.ready')
      .frameLocator('iframe#active-frame')
      .locator('svg')
      .first();
    // The previous step's frame may still exist for a moment.
    await workbench.until('the picture is drawn', async () => ((await picture.boundingBox())?.width ?? 0) > 200);
    await workbench.screenshot(`walkthrough-${name}`);
  }
});
