import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { outFolder, projectRoot } from './paths.ts';
import { run } from './run.ts';

const execute = promisify(execFile);

/** The size limit of the download, in bytes. Raise it only for something worth the wait. */
const packageBudget = 1_000_000;

/** Thrown when packaging fails, or when the package holds unexpected files. */
export class PackageError extends Error {
  override readonly name = 'PackageError';
}

/**
 * Builds the extension and packs it as users install it.
 *
 * @returns the path of the `.vsix`
 * @throws {PackageError} also when it is over budget or holds a file that users don't need
 */
export async function packageExtension(): Promise<string> {
  const file = join(outFolder, 'peel.vsix');
  const log = join(outFolder, 'logs', 'package.log');
  await mkdir(join(outFolder, 'logs'), { recursive: true });
  await Promise.all([rm(file, { force: true }), rm(log, { force: true })]);
  const vsce = join(projectRoot, 'node_modules', '@vscode', 'vsce', 'vsce');
  // vsce runs the script `vscode:prepublish`, which builds.
  const code = await run(
    process.execPath,
    [vsce, 'package', '--no-dependencies', '--no-rewrite-relative-links', '--out', file],
    {
      cwd: projectRoot,
      log,
    },
  );
  const said = await readFile(log, 'utf8');
  if (code !== 0) throw new PackageError(`\`vsce package\` ended with ${code}:\n${said}`);
  const { size } = await stat(file);
  if (size > packageBudget) throw new PackageError(`The package has ${size} bytes; its budget is ${packageBudget}.`);
  await refuseStrangers(vsce);
  return file;
}

const needed = ['dist/extension.js', 'dist/worker.js', 'package.json', 'README.md', 'LICENSE'];

/** The only files allowed in the package. */
const wanted =
  /^(package\.json|(README|CHANGELOG|SECURITY|SUPPORT)\.md|docs\/[^/]+\.md|LICENSE(\.txt)?|dist\/[^/]+\.(js|wasm)|media\/.+\.(png|svg|md))$/;

async function refuseStrangers(vsce: string): Promise<void> {
  const { stdout } = await execute(process.execPath, [vsce, 'ls', '--no-dependencies'], { cwd: projectRoot });
  const files = stdout.trim().split('\n');
  const strangers = files.filter(file => !wanted.test(file));
  if (strangers.length > 0)
    throw new PackageError(`The package holds unexpected files (see .vscodeignore): ${strangers.join(', ')}`);
  const lacking = needed.filter(file => !files.includes(file));
  if (lacking.length > 0) throw new PackageError(`The package lacks ${lacking.join(', ')}.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = await packageExtension();
  console.log(`${file}: ${(await stat(file)).size} bytes`);
}
