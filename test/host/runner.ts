import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { build, type BuildOptions } from 'esbuild';
import { chromium, type Page } from 'playwright-core';
import { bundle } from '../../esbuild.js';
import { parseJson } from '../support/json.ts';
import { launchBrowser } from '../rig/browser.ts';
import type { Editor } from '../rig/editor.ts';
import { launchEditor } from '../rig/launcher.ts';
import { outFolder, projectRoot } from '../rig/paths.ts';
import { broken, type Counts } from '../rig/suite.ts';

/** What to run in the extension host. */
interface HostRun {
  /** Mocha spec files, as a glob from the project's root. */
  readonly specs: string;
  /** Runs only tests whose title contains this. */
  readonly filter?: string | undefined;
  /** Variables for the specs. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * The folder for the editor's folders and the workspace. Default: the system's temporary folder.
   */
  readonly place?: string;
}

/** The limit for the whole suite, in milliseconds. */
const timeLimit = 10 * 60_000;

const bundleFolder = join(outFolder, 'host');
const resultsFile = join(bundleFolder, 'results.json');
const reportFile = join(bundleFolder, 'report.txt');

/** Runs `test/host/*.test.ts` in a real extension host. */
export function runHostSuite(editor: Editor, filter?: string): Promise<Counts> {
  return runInHost(editor, { specs: 'test/host/**/*.test.ts', filter });
}

/**
 * Runs specs inside an editor's extension host, with the project's folder as the extension under
 * development.
 */
export async function runInHost(editor: Editor, { specs, filter, env: own, place }: HostRun): Promise<Counts> {
  await rm(bundleFolder, { recursive: true, force: true });
  await mkdir(bundleFolder, { recursive: true });
  await bundle({ production: true });
  await bundleSpecs(specs);
  await writeFile(reportFile, '');
  const server = await launchEditor({
    editor,
    name: `host-${editor.name}`,
    place,
    env: { PEEL_HOST_REPORT: reportFile, PEEL_HOST_FILTER: filter ?? '', ...(env.CI ? { CI: env.CI } : {}), ...own },
  });
  const browserServer = await launchBrowser();
  try {
    const browser = await chromium.connect(browserServer.wsEndpoint());
    const page = await browser.newPage();
    const { outcome: ended } = await watchForEnd(page);
    await putUnderTest(page, server.authority);
    await page.goto(server.addressOf(await server.makeWorkspace('host')));
    const outcome = await Promise.race([
      ended,
      sleep(timeLimit, `no end after ${timeLimit / 60_000} minutes`, { ref: false }),
    ]);
    console.log((await readFile(reportFile, 'utf8')).trimEnd());
    if (existsSync(resultsFile)) return await readResults();
    await page.screenshot({ path: join(outFolder, 'screenshots', 'host-failure.png') });
    console.log(`✖ The extension host wrote no results: ${outcome}. Its logs are in out/logs/.`);
    return broken;
  } finally {
    await browserServer.close();
    await server.stop();
  }
}

/** The specs are bundled like the extension; VS Code needs a small CommonJS file in front. */
async function bundleSpecs(glob: string): Promise<void> {
  const specs = globSync(glob, { cwd: projectRoot }).toSorted();
  const common: BuildOptions = {
    absWorkingDir: projectRoot,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.19',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    banner: {
      js: "import{createRequire as __hostRequire}from'node:module';const require=__hostRequire(import.meta.url);",
    },
    logLevel: 'warning',
  };
  await build({ ...common, entryPoints: ['test/host/inside.ts'], outfile: join(bundleFolder, 'inside.js') });
  // Specs that build their own services start their own threads.
  await build({ ...common, entryPoints: ['src/workers/worker.ts'], outfile: join(bundleFolder, 'worker.js') });
  const contents = specs.map(spec => `import './${spec}';`).join('\n');
  await build({
    ...common,
    stdin: { contents, resolveDir: projectRoot, loader: 'ts' },
    outfile: join(bundleFolder, 'specs.js'),
  });
  await writeFile(join(bundleFolder, 'index.cjs'), "exports.run = async () => (await import('./inside.js')).run();\n");
}

/**
 * Makes a page load the extension under development with its tests. The workbench reads both from
 * its configuration in the page, to which this adds them before the workbench's script runs.
 */
async function putUnderTest(page: Page, authority: string): Promise<void> {
  const uri = (path: string) => ({ scheme: 'vscode-remote', authority, path });
  const options = { extensions: [uri(projectRoot)], extensionTestsPath: uri(join(bundleFolder, 'index.cjs')) };
  // A string, because it runs in the page, where this project's types don't apply.
  await page.addInitScript(`
    new MutationObserver((_, observer) => {
      const element = document.getElementById('vscode-workbench-web-configuration');
      const settings = element?.getAttribute('data-settings');
      if (!settings) return;
      observer.disconnect();
      element.setAttribute('data-settings', JSON.stringify({ ...JSON.parse(settings), developmentOptions: ${JSON.stringify(options)} }));
    }).observe(document, { childList: true, subtree: true });
  `);
}

/**
 * Reports how the tests ended: VS Code in a browser calls two functions of the page that test
 * drivers provide.
 */
async function watchForEnd(page: Page): Promise<{ outcome: Promise<string> }> {
  const { promise, resolve } = Promise.withResolvers<string>();
  await page.exposeFunction('codeAutomationLog', () => undefined);
  await page.exposeFunction('codeAutomationExit', (code: number) => resolve(`it ended with ${code}`));
  page.on('crash', () => resolve('the page crashed'));
  return { outcome: promise };
}

async function readResults(): Promise<Counts> {
  const { passed, failed, skipped } = parseJson(await readFile(resultsFile));
  if (typeof passed !== 'number' || typeof failed !== 'number' || typeof skipped !== 'number') return broken;
  return passed + failed === 0 ? broken : { passed, failed, skipped };
}
