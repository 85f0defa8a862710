// The first step of `npm start` and `npm test`: runs a script of the project on the project's own
// Node, after `npm ci` if the dependencies are missing or differ from the lockfile. This is plain
// JavaScript without dependencies, because it runs on the system's Node.
//
//   node test/rig/run.mjs SCRIPT [ARGUMENT...]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const windows = process.platform === 'win32';
const ownCommands = join(root, 'node_modules', '.bin');
const ownNode = join(root, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node');
/** npm must not run on the Node that it is about to replace. */
const outerPath = (process.env.PATH ?? '').split(delimiter).filter(folder => folder !== ownCommands);

/**
 * Returns whether every package of the lockfile is installed in the version it names. Optional
 * packages may be for other machines.
 */
function isInstalled() {
  const installedList = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedList)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedList, 'utf8')).packages;
  return Object.keys(wanted).every(path => {
    const { version, optional, devOptional } = wanted[path];
    if (path === '') return true;
    if (installed[path] === undefined) return Boolean(optional || devOptional);
    return installed[path].version === version;
  });
}

/** @param {string[]} args */
function npm(...args) {
  console.error(`> npm ${args.join(' ')}`);
  const { status, error } = spawnSync('npm', args, {
    cwd: root,
    env: { ...process.env, PATH: outerPath.join(delimiter) },
    // stdout is reserved for the script.
    stdio: ['ignore', 2, 2],
    shell: windows,
  });
  if (status === 0) return;
  console.error(`\`npm ${args.join(' ')}\` failed${error ? `: ${error.message}` : ''}. Run it in ${root} to see why.`);
  process.exit(1);
}

if (!isInstalled()) {
  console.error('Installing dependencies (about 20 s) …');
  npm('ci', '--include=dev', '--loglevel=error');
}
// With install scripts disabled, the `node` package arrives without its binary.
if (!existsSync(ownNode)) npm('rebuild', 'node', '--ignore-scripts=false');

const child = spawn(ownNode, process.argv.slice(2), {
  cwd: root,
  env: { ...process.env, PATH: [ownCommands, ...outerPath].join(delimiter) },
  stdio: 'inherit',
});
// Ctrl+C reaches the script too, which then ends by itself.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGHUP', () => child.kill('SIGHUP'));
child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
