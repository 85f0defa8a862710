import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { launchBrowser } from '../rig/browser.ts';
import type { Editor } from '../rig/editor.ts';
import { installExtension } from '../rig/launcher.ts';
import { runNodeTests } from '../rig/nodeTest.ts';
import { packageExtension } from '../rig/package.ts';
import { outFolder } from '../rig/paths.ts';
import type { Counts } from '../rig/suite.ts';
import { uiEnvironmentVariable, type UiEnvironment } from './window.ts';

/**
 * Runs `test/ui/*.test.ts`: clicks in the packed extension, two files at a time in one browser
 * where there are four processors.
 */
export async function runUiSuite(editor: Editor, filter?: string): Promise<Counts> {
  await rm(join(outFolder, 'screenshots'), { recursive: true, force: true });
  const installed = join(outFolder, 'installed', editor.name);
  await rm(installed, { recursive: true, force: true });
  await installExtension(editor, await packageExtension(), installed);
  const browser = await launchBrowser();
  const environment: UiEnvironment = { browser: browser.wsEndpoint(), installed, editor: editor.name };
  try {
    return await runNodeTests({
      name: `ui-${editor.name}`,
      glob: 'test/ui/**/*.test.ts',
      filter,
      // A window needs about two processors.
      concurrency: availableParallelism() >= 4 ? 2 : 1,
      timeLimit: 30 * 60_000,
      env: { [uiEnvironmentVariable]: JSON.stringify(environment) },
    });
  } finally {
    await browser.close();
  }
}
