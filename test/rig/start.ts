import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { bundle } from '../../esbuild.js';
import { DEMO_REPOSITORIES, fillDemo } from '../support/demoImage.ts';
import { startRegistry } from '../support/registry/registry.ts';
import { ensureEditor } from './editor.ts';
import { launchEditor } from './launcher.ts';
import { projectRoot } from './paths.ts';
import { removeTree } from './removeTree.ts';
import { quietSettings } from './settings.ts';
import { ensureTools, findCommand, howToGet } from './tools.ts';

/** A VS Code that the user works in. */
interface OpenEditor {
  /** Settles when the user closes the editor. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** The host name in references to the demo registry. */
const demoName = 'demo.localhost';

const welcome = `# Welcome to Peel

1. Open **Peel** in the activity bar. Docker Hub is in the list, and so is \`${demoName}\`, a registry with demo images that needs no network.
2. Open \`demo/hello\`, a tag, a platform, then **Files**. Click a file: it opens in an editor, and nothing was pulled.
3. Open **Layers**: each layer with the command that made it, and with what it adds, changes and deletes.
4. Click the info icon of the tag to see details and **Analyze Files**. One layer of \`demo/hello\` holds a likely secret.
5. Right-click the tag and choose **Pull Image…**. The layers are unpacked into \`images/\`.
6. In **Images**, mount it: a terminal shows the commands, and sudo asks for your password there. Open a shell, look around, and unmount.

The same walk as a checklist: **Peel: Get Started** in the Command Palette.
`;

/**
 * Finds the desktop's `code`. The `code` in a terminal of a remote window can't load an extension
 * under development.
 */
function desktopCommand(): string | undefined {
  if (process.argv.includes('--browser') || process.env.VSCODE_IPC_HOOK_CLI !== undefined) return undefined;
  return findCommand('code', 'code-insiders', 'codium');
}

async function openDesktop(command: string, settings: Readonly<Record<string, unknown>>): Promise<OpenEditor> {
  const root = await mkdtemp(join(tmpdir(), 'peel-'));
  const folder = join(root, 'workspace');
  const userData = join(root, 'data');
  await mkdir(join(userData, 'User'), { recursive: true });
  await mkdir(folder);
  await writeFile(join(folder, 'README.md'), welcome);
  await writeFile(join(userData, 'User', 'settings.json'), JSON.stringify({ ...quietSettings, ...settings }, null, 2));
  const profile = ['--user-data-dir', userData, '--extensions-dir', join(root, 'extensions')];
  const args = [...profile, `--extensionDevelopmentPath=${projectRoot}`, '--new-window', '--wait', folder];
  const child = spawn(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  const ended = new Promise<void>((resolve, reject) => child.once('error', reject).once('exit', () => resolve()));
  console.log(`VS Code opens on ${folder}. Close its window, or press Ctrl+C here, to stop.`);
  return {
    ended,
    stop: async () => {
      child.kill();
      await removeTree(root);
    },
  };
}

async function openInBrowser(settings: Readonly<Record<string, unknown>>): Promise<OpenEditor> {
  const missing = await ensureTools(['start']);
  if (missing.length > 0) throw new Error(howToGet(missing));
  const editor = await ensureEditor('newest');
  console.log('Starting VS Code …');
  const server = await launchEditor({ editor, name: 'start', settings, linkedExtension: projectRoot });
  const folder = await server.makeWorkspace('demo', { 'README.md': welcome });
  console.log(`VS Code ${editor.version} with Peel: ${server.addressOf(folder)}`);
  console.log('Open it in a browser. Press Ctrl+C here to stop.');
  return server;
}

async function main(): Promise<void> {
  const stopped = new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  console.log('Building Peel …');
  await bundle({ production: false });
  const desktop = desktopCommand();
  // The demo images contain busybox.
  if (desktop !== undefined) await ensureTools(['start']);
  const registry = await startRegistry();
  try {
    fillDemo(registry);
    console.log(`Demo registry: ${registry.url} with ${DEMO_REPOSITORIES.join(', ')}`);
    const settings = {
      // Opens the README of the folder, rendered.
      'workbench.startupEditor': 'readme',
      'peel.registries': [
        { url: 'https://registry-1.docker.io', name: 'docker.io' },
        { url: registry.url, name: demoName },
      ],
    };
    const editor = desktop === undefined ? await openInBrowser(settings) : await openDesktop(desktop, settings);
    try {
      await Promise.race([stopped, editor.ended]);
    } finally {
      await editor.stop();
    }
  } finally {
    await registry.close();
  }
}

await main();
