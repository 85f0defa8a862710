import { spawn, type ChildProcess } from 'node:child_process';
import { chown, cp, mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Editor } from './editor.ts';
import { outFolder } from './paths.ts';
import { removeTree } from './removeTree.ts';
import { endGroup, run } from './run.ts';
import { quietSettings } from './settings.ts';
import { freePort } from '../support/servers/process.ts';
import { sharedTempRoot } from '../support/sharedTemp.ts';
import type { TestUser } from '../support/users.ts';

/** Options for starting an editor. */
export interface LaunchOptions {
  readonly editor: Editor;
  /** The base name of the log files in `out/logs/`. */
  readonly name: string;
  /** User settings in addition to {@link quietSettings}. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** A folder of installed extensions ({@link installExtension}); the editor gets a copy. */
  readonly installed?: string;
  /** An extension's folder, loaded in place: reloading the window picks up a new build. */
  readonly linkedExtension?: string;
  /** The account that the editor runs as; default: this process's. Requires root. */
  readonly user?: TestUser;
  readonly env?: Readonly<Record<string, string>>;
  /** Asks for workspace trust as a desktop does. Default: every folder is trusted. */
  readonly workspaceTrust?: boolean;
  /** Default: a free port. */
  readonly port?: number;
  /** The folder for profiles and workspaces. Default: the system's temporary folder. */
  readonly place?: string | undefined;
}

/** Thrown when the editor doesn't start. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}

/** A running editor with a fresh profile, home and extensions folder. */
export class EditorServer {
  readonly #process: ChildProcess;
  readonly #layout: Layout;
  readonly #options: LaunchOptions;
  /** `127.0.0.1:PORT`, which is also the authority of `vscode-remote` URIs. */
  readonly authority: string;
  /** Settles when the editor exits. */
  readonly ended: Promise<void>;

  constructor(child: ChildProcess, layout: Layout, options: LaunchOptions, authority: string) {
    this.#process = child;
    this.#layout = layout;
    this.#options = options;
    this.authority = authority;
    this.ended = new Promise(resolve => child.once('exit', () => resolve()));
  }

  get url(): string {
    return `http://${this.authority}`;
  }

  /** Returns the URL that opens a folder in a browser. */
  addressOf(folder: string): string {
    return `${this.url}/?folder=${encodeURIComponent(folder)}`;
  }

  /** The home folder of the user who runs the editor. */
  get home(): string {
    return this.#layout.home;
  }

  /** The user settings file. */
  get settingsFile(): string {
    return join(this.#layout.userData, 'User', 'settings.json');
  }

  /**
   * Creates a folder with files (path -> content) that belongs to the editor's user. Returns its
   * path.
   */
  async makeWorkspace(
    name: string,
    files: Readonly<Record<string, string>> = { 'readme.txt': 'A file of the workspace.\n' },
  ): Promise<string> {
    const folder = join(this.#layout.root, 'workspaces', name);
    await makeOwned(folder, this.#options.user);
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, path);
      if (dirname(file) !== folder) await makeOwned(dirname(file), this.#options.user);
      await writeOwned(file, text, this.#options.user);
    }
    return folder;
  }

  /**
   * Replaces the user settings with {@link quietSettings} and these. A running editor reads them at
   * once.
   */
  async writeSettings(settings: Readonly<Record<string, unknown>>): Promise<void> {
    await writeOwned(this.settingsFile, JSON.stringify({ ...quietSettings, ...settings }, null, 2), this.#options.user);
  }

  /** Stops the editor and its children, copies its logs to `out/logs/` and removes its folders. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child.exitCode === null && child.signalCode === null) {
      endGroup(child.pid, 'SIGTERM');
      const ended = await Promise.race([this.ended.then(() => true), sleep(5000, false)]);
      if (!ended) {
        endGroup(child.pid, 'SIGKILL');
        await this.ended;
      }
    }
    const logs = join(outFolder, 'logs', this.#options.name);
    await rm(logs, { recursive: true, force: true });
    await cp(join(this.#layout.userData, 'logs'), logs, { recursive: true }).catch(() => undefined);
    await removeTree(this.#layout.root);
  }
}

interface Layout {
  readonly root: string;
  readonly home: string;
  readonly userData: string;
  readonly extensions: string;
  readonly config: string;
}

/**
 * Starts an editor on loopback and waits until it responds.
 *
 * @throws {LaunchError} with the end of its log, if it exits or doesn't respond within a minute
 */
export async function launchEditor(options: LaunchOptions): Promise<EditorServer> {
  const layout = await makeLayout(options);
  const logFile = join(outFolder, 'logs', `${options.name}.log`);
  await mkdir(dirname(logFile), { recursive: true });
  const log = await open(logFile, 'w');
  try {
    if (options.linkedExtension) await symlink(options.linkedExtension, join(layout.extensions, 'linked'));
    if (options.installed) await copyOwned(options.installed, layout.extensions, options.user);
    const port = options.port ?? (await freePort());
    const authority = `127.0.0.1:${port}`;
    const args = [
      '--auth',
      'none',
      '--bind-addr',
      authority,
      '--disable-telemetry',
      '--disable-update-check',
      '--disable-getting-started-override',
    ];
    if (options.workspaceTrust !== true) args.push('--disable-workspace-trust');
    const child = spawnEditor(options, layout, [...args, '--disable-proxy', '--ignore-last-opened'], log.fd);
    const server = new EditorServer(child, layout, options, authority);
    try {
      await untilHealthy(server.url, child, logFile);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  } finally {
    await log.close();
  }
}

/**
 * Installs a packed extension into a folder, as a user's editor does.
 *
 * @throws {LaunchError} if the editor refuses it
 */
export async function installExtension(editor: Editor, extension: string, folder: string): Promise<void> {
  const options = { editor, name: 'install' };
  const layout = { ...(await makeLayout(options)), extensions: folder };
  const logFile = join(outFolder, 'logs', 'install.log');
  await mkdir(dirname(logFile), { recursive: true });
  const log = await open(logFile, 'w');
  try {
    const child = spawnEditor(options, layout, ['--install-extension', extension, '--force'], log.fd);
    const code = await new Promise(resolve => child.once('exit', resolve).once('error', resolve));
    if (code !== 0) throw new LaunchError(`Installing ${extension} ended with ${String(code)}; see ${logFile}`);
  } finally {
    await log.close();
    await removeTree(layout.root);
  }
}

async function makeLayout({ user, settings, place = sharedTempRoot() }: LaunchOptions): Promise<Layout> {
  // Short, because it holds a Unix socket.
  const root = await mkdtemp(join(place, 'peel-'));
  await own(root, user);
  const layout = {
    root,
    home: user?.home ?? join(root, 'home'),
    userData: join(root, 'data'),
    extensions: join(root, 'extensions'),
    config: join(root, 'config.yaml'),
  };
  for (const folder of [layout.home, layout.userData, join(layout.userData, 'User'), layout.extensions])
    await makeOwned(folder, user);
  await makeOwned(join(root, 'workspaces'), user);
  await writeOwned(layout.config, '', user);
  await writeOwned(
    join(layout.userData, 'User', 'settings.json'),
    JSON.stringify({ ...quietSettings, ...settings }, null, 2),
    user,
  );
  return layout;
}

function spawnEditor(options: LaunchOptions, layout: Layout, args: readonly string[], log: number): ChildProcess {
  const { editor, user } = options;
  const common = ['--config', layout.config, '--user-data-dir', layout.userData, '--extensions-dir', layout.extensions];
  return spawn(editor.node, [editor.entry, ...common, ...args], {
    cwd: layout.root,
    env: environment(options, layout),
    stdio: ['ignore', log, log],
    detached: true,
    ...(user ? { uid: user.uid, gid: user.gid } : {}),
  });
}

/**
 * Returns a user's environment: without variables of the test run, and without an extension
 * gallery.
 */
function environment({ user, env }: LaunchOptions, layout: Layout): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|npm_|NODE_|PORT$|PASSWORD$|XDG_|CI$)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    PATH: (process.env.PATH ?? '')
      .split(':')
      .filter(folder => !folder.endsWith('node_modules/.bin'))
      .join(':'),
    HOME: layout.home,
    ...(user ? { USER: user.name, LOGNAME: user.name } : {}),
    SHELL: '/bin/bash',
    CODE_SERVER_CONFIG: layout.config,
    EXTENSIONS_GALLERY: '{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}',
    ...env,
  };
}

async function untilHealthy(url: string, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok === true) return;
    await sleep(100);
  }
  const state = child.exitCode === null ? 'does not answer' : `ended with ${child.exitCode}`;
  throw new LaunchError(`The editor ${state}:\n${(await readFile(logFile, 'utf8')).slice(-4000)}`);
}

async function makeOwned(folder: string, user: TestUser | undefined): Promise<void> {
  await mkdir(folder, { recursive: true });
  await own(folder, user);
}

async function copyOwned(from: string, to: string, user: TestUser | undefined): Promise<void> {
  await cp(from, to, { recursive: true });
  if (user) await run('chown', ['-R', `${user.uid}:${user.gid}`, to]);
}

async function writeOwned(file: string, text: string, user: TestUser | undefined): Promise<void> {
  await writeFile(file, text);
  await own(file, user);
}

async function own(path: string, user: TestUser | undefined): Promise<void> {
  if (user) await chown(path, user.uid, user.gid);
}
