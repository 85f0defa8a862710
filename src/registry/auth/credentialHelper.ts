import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { asString, parseJsonObject } from '../../oci/json.ts';
import type { Credential } from './credentials.ts';

/**
 * A credential helper is missing or failed. The message contains nothing of its output, which may
 * be secret.
 */
export class CredentialHelperError extends Error {
  readonly helper: string;
  constructor(helper: string, reason: string, options?: ErrorOptions) {
    super(
      `The credential helper docker-credential-${helper} ${reason}. Check "credHelpers" and "credsStore" in Docker's config.json.`,
      options,
    );
    this.name = 'CredentialHelperError';
    this.helper = helper;
  }
}

/** Printed by a helper that has no account (docker-credential-helpers, credentials.go). */
const NOT_FOUND = /credentials not found in native keychain/i;
const LONGEST_OUTPUT = 256 * 1024;
/** Milliseconds; some helpers ask the user to unlock a keychain. */
const TIME_LIMIT = 60_000;

/**
 * Asks `docker-credential-<helper>` for the account of a server, without a shell.
 * @param server as in the configuration, such as `https://index.docker.io/v1/`
 * @param environment has the PATH, of which only absolute folders are searched
 * @returns undefined if the helper has none
 * @throws {CredentialHelperError}
 */
export async function askCredentialHelper(
  helper: string,
  server: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Credential | undefined> {
  // The name comes from a file and becomes part of an executable's name.
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(helper))
    throw new CredentialHelperError(helper.slice(0, 100), 'has an invalid name');
  const program = findProgram(`docker-credential-${helper}`, environment);
  if (program === undefined) throw new CredentialHelperError(helper, 'is not installed');
  const { code, output } = await runHelper(program, server, helper, environment, signal);
  if (code !== 0) {
    if (NOT_FOUND.test(output)) return undefined;
    throw new CredentialHelperError(helper, `failed with exit code ${code ?? 'unknown'}`);
  }
  const answer = parseJsonObject(output);
  const secret = asString(answer?.Secret);
  if (!answer || secret === undefined) throw new CredentialHelperError(helper, 'returned an unreadable answer');
  const username = asString(answer.Username) ?? '';
  return username === '<token>' ? { identityToken: secret } : { username, password: secret };
}

function findProgram(name: string, environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const windows = process.platform === 'win32';
  const path = environment.PATH ?? (windows ? environment.Path : undefined) ?? '';
  // Relative folders would depend on the working directory.
  const folders = path.split(delimiter).filter(folder => isAbsolute(folder));
  return folders.map(folder => join(folder, windows ? `${name}.exe` : name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function runHelper(
  program: string,
  server: string,
  helper: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<{ code: number | null; output: string }> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], {
      cwd: homedir(),
      env: environment,
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: TIME_LIMIT,
      killSignal: 'SIGKILL',
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let length = 0;
    const onAbort = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', onAbort, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > LONGEST_OUTPUT) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    // It may exit without reading its input.
    child.stdin.on('error', () => undefined);
    child.once('error', cause => {
      signal.removeEventListener('abort', onAbort);
      reject(new CredentialHelperError(helper, "can't be started", { cause }));
    });
    child.once('close', code => {
      signal.removeEventListener('abort', onAbort);
      if (signal.aborted) reject(asError(signal.reason));
      else resolve({ code, output: Buffer.concat(chunks).toString('utf8') });
    });
    child.stdin.end(server);
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
