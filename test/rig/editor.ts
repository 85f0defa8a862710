import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { cacheFolder, projectRoot } from './paths.ts';
import { run } from './run.ts';
import { findCommand } from './tools.ts';

/** The newest editor, or the oldest that `engines.vscode` allows. */
export type EditorName = 'newest' | 'floor';

/** An installed editor: code-server, which carries VS Code's own workbench and extension host. */
export interface Editor {
  readonly name: EditorName;
  /** VS Code's version, such as `1.139.1`. */
  readonly version: string;
  /** The Node binary that this editor is built for. */
  readonly node: string;
  /** The script that starts the editor. */
  readonly entry: string;
}

interface Recipe {
  /** The folder with package.json and lockfile. */
  readonly folder: string;
  /** Packages that are published as source only. */
  readonly compiled: readonly string[];
}

const recipes: Record<EditorName, Recipe> = {
  newest: { folder: 'code-server', compiled: ['@vscode/spdlog', '@vscode/native-watchdog'] },
  floor: { folder: 'code-server-floor', compiled: ['@vscode/spdlog', 'native-watchdog', 'node-pty'] },
};

/** Increment when the steps of `install` change, so that older installs are not reused. */
const recipeVersion = 1;

/** Thrown when the editor can't be installed. */
export class EditorInstallError extends Error {
  override readonly name = 'EditorInstallError';
}

/**
 * Finds or installs an editor in the cache folder. Its packages have their own lockfile because
 * there are many and some need a compiler. An interrupted install is never mistaken for a complete
 * one.
 *
 * @throws {EditorInstallError} with the log's path, if npm or the compiler fails
 */
export async function ensureEditor(name: EditorName): Promise<Editor> {
  const recipe = recipes[name];
  const source = join(projectRoot, 'test', 'rig', recipe.folder);
  const lock = await readFile(join(source, 'package-lock.json'));
  const key = createHash('sha256').update(`${recipeVersion} ${process.arch}\n`).update(lock).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(), `${recipe.folder}-${key}`);
  if (!existsSync(folder)) await installBeside(folder, source, recipe);
  const packageFile = join(folder, 'node_modules', 'code-server', 'lib', 'vscode', 'package.json');
  const version = /"version": "([^"]+)"/.exec(await readFile(packageFile, 'utf8'))?.[1] ?? 'unknown';
  return {
    name,
    version,
    node: nodeIn(folder),
    entry: join(folder, 'node_modules', 'code-server', 'out', 'node', 'entry.js'),
  };
}

async function installBeside(folder: string, source: string, recipe: Recipe): Promise<void> {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new EditorInstallError(`code-server runs on Linux (x64, arm64), not on ${process.platform} ${process.arch}.`);
  }
  const partial = `${folder}.${process.pid}`;
  const log = `${partial}.log`;
  console.error(`Installing code-server into ${folder} (about 2 minutes, first run only) …`);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    await cp(source, partial, { recursive: true });
    await install(partial, recipe, log);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  // Another run may have been faster.
  await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }));
  await rm(log, { force: true });
}

/**
 * Installs the packages without their install scripts, and compiles those published as source with
 * the headers of the editor's own Node. code-server's own post-install step would fetch a second
 * set of packages without a lockfile, and build parts that we don't use.
 */
async function install(folder: string, recipe: Recipe, log: string): Promise<void> {
  const steps = recipe.compiled.length + 1;
  let at = 0;
  const step = async (command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) => {
    at += 1;
    console.error(`  ${at}/${steps} ${at === 1 ? 'Downloading packages' : `Compiling ${basename(cwd)}`} …`);
    const code = await run(command, args, { cwd, env, log });
    if (code === 0) return;
    const tail = (await readFile(log, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-15).join('\n');
    throw new EditorInstallError(
      `\`${command} ${args.join(' ')}\` ended with ${code}; its output is in ${log}:\n${tail}`,
    );
  };
  await step('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder, process.env);
  const node = nodeIn(folder);
  const env = {
    ...process.env,
    npm_config_nodedir: join(node, '..', '..'),
    PATH: `${join(node, '..')}:${process.env.PATH}`,
  };
  const gyp = join(folder, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  for (const name of recipe.compiled) await step(node, [gyp, 'rebuild'], join(folder, 'node_modules', name), env);
  await joinParts(folder);
}

/** Creates the links that the editor expects at fixed paths. */
async function joinParts(folder: string): Promise<void> {
  const packages = join(folder, 'node_modules');
  const server = join(packages, 'code-server', 'lib', 'vscode');
  const link = (target: string, path: string) => symlink(target, path).catch(ignoreExisting);
  await link('../../..', join(server, 'node_modules'));
  await link('node_modules', join(server, 'node_modules.asar'));
  await link('code-linux.sh', join(server, 'bin', 'remote-cli', 'code-server'));
  await link('browser-linux.sh', join(server, 'bin', 'helpers', 'browser.sh'));
  const ripgrep = join(packages, '@vscode', 'ripgrep');
  const rg = findCommand('rg');
  if (!existsSync(ripgrep) || rg === undefined) return;
  await mkdir(join(ripgrep, 'bin'), { recursive: true });
  await link(rg, join(ripgrep, 'bin', 'rg'));
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function nodeIn(folder: string): string {
  return join(folder, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
}
