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
  await workbench.showSidebar('Peel');
  await workbench.row('Registries', 'Get Started').click();
  const { page } = workbench;
  // Pictures are shown next to the steps if there is room for them.
  await page.setViewportSize({ width: 1600, height: 900 });
  await page.getByText('Get Started with Peel').first().waitFor();
  const steps = {
    image: ['Open an image', 'Open Image…'],
    file: ['Open a file', 'Find File in Image…'],
    analyze: ['Analyze it', 'Analyze Image'],
    pull: ['Pull it', 'Pull Image…'],
    mount: ['Mount it and look around', 'Open Shell in Image'],
    registry: ['Add a registry', 'Add Registry…'],
  } as const;
  for (const [name, [title, button]] of Object.entries(steps)) {
    await page.locator(`.getting-started-step[data-step-id$="#${name}"]`).click();
    await page.locator('.getting-started-step.expanded', { hasText: title }).getByText(button).first().waitFor();
    const picture = page
      .frameLocator('iframe.webview.ready')
      .frameLocator('iframe#active-frame')
      .locator('svg')
      .first();
    // The previous step's frame may still exist for a moment, and be replaced meanwhile.
    await workbench.until(
      'the picture is drawn',
      async () => ((await picture.boundingBox().catch(() => undefined))?.width ?? 0) > 200,
    );
    await workbench.screenshot(`walkthrough-${name}`);
  }
});
