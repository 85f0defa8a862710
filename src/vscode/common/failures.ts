import * as vscode from 'vscode';
import { MismatchError } from '../../oci/mismatchErrors.ts';
import { DamagedFolderError } from '../../pull/folderErrors.ts';
import {
  AccountRefusedError,
  ClientCertificateNeededError,
  ConnectionLostError,
  ConnectionRefusedError,
  ForbiddenError,
  HtmlInsteadError,
  InsecureRefusedError,
  NoCatalogError,
  NotFoundError,
  ProxyError,
  RateLimitedError,
  RegistryError,
  ServerError,
  TimeoutError,
  TlsError,
  UnauthorizedError,
  UnknownHostError,
} from '../../registry/errors.ts';
import { DiskFullError, WorkerCrashedError } from '../../workers/layerErrors.ts';
import type { CommandArgument } from './argument.ts';
import { InvalidSettingError, MountedWritableError, TaskFailedError, UntrustedWorkspaceError } from './errors.ts';
import { COMMANDS, SECTION, SETTINGS } from './ids.ts';
import { systemMessage } from './systemMessage.ts';

/** A button next to a failure's message. */
export interface FailureAction {
  readonly title: string;
  readonly command: string;
  /** Passed to Peel's commands as if from a row, to other commands as is. */
  readonly argument?: CommandArgument | string;
}

/** An error as presented to the user. */
export interface Failure {
  /** The user cancelled, so nothing is shown. */
  readonly cancelled: boolean;
  /** What happened, and what to do about it. */
  readonly message: string;
  /** Trying again unchanged may succeed. */
  readonly retry: boolean;
  /** Possible remedies, best first. */
  readonly actions: readonly FailureAction[];
}

type ErrorClass = abstract new (...parameters: never[]) => Error;

/** Failures that may pass when the same work is tried again. */
const PASSING: readonly ErrorClass[] = [
  ConnectionLostError,
  ConnectionRefusedError,
  DiskFullError,
  HtmlInsteadError,
  MismatchError,
  ProxyError,
  RateLimitedError,
  TimeoutError,
  UnknownHostError,
  WorkerCrashedError,
];

/** Failures that signing in, or another account, may resolve. */
const ACCOUNT_HELPS: readonly ErrorClass[] = [AccountRefusedError, ForbiddenError, RateLimitedError, UnauthorizedError];

const GENERIC: ReadonlySet<string> = new Set(['Error', 'TypeError', 'RangeError', 'SyntaxError', 'ReferenceError']);

const SHOW_LOG: FailureAction = { title: 'Show Log', command: COMMANDS.showLog };

/** Turns any error into a message and actions: by its class, never by its message. */
export function describeFailure(error: unknown): Failure {
  if (isCancellation(error)) return { cancelled: true, message: 'Cancelled.', retry: false, actions: [] };
  const retry = PASSING.some(type => error instanceof type) || (error instanceof ServerError && error.status >= 500);
  return { cancelled: false, message: messageOf(error), retry, actions: actionsFor(error) };
}

/** Shows the failure and runs the chosen action. `again` repeats what failed. */
export async function showFailure(
  failure: Failure,
  log: vscode.LogOutputChannel,
  again: () => Thenable<unknown>,
): Promise<void> {
  const retry = 'Retry';
  const titles = [...(failure.retry ? [retry] : []), ...failure.actions.map(action => action.title)];
  const chosen = await vscode.window.showErrorMessage(failure.message, ...titles);
  if (chosen === retry) {
    await again();
    return;
  }
  const action = failure.actions.find(({ title }) => title === chosen);
  if (!action) return;
  if (action.command === COMMANDS.showLog) log.show();
  else await runAction(action);
}

/** Runs a button's command as if chosen on a row. */
export async function runAction({ command, argument }: FailureAction): Promise<void> {
  await vscode.commands.executeCommand(command, typeof argument === 'object' ? { argument } : argument);
}

function isCancellation(error: unknown): boolean {
  return error instanceof vscode.CancellationError || (error instanceof Error && error.name === 'AbortError');
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `Peel ran into an unexpected problem: ${String(error)}`;
  const { message } = error;
  const system = systemMessage(error);
  if (system !== undefined) return system;
  return isOurs(error) ? message : `Peel ran into an unexpected problem: ${message}. See the log for details.`;
}

/** Our own error classes have messages meant for users; errors from Node or a library don't. */
function isOurs(error: unknown): boolean {
  return error instanceof Error && !GENERIC.has(error.name) && error.message !== '';
}

function actionsFor(error: unknown): readonly FailureAction[] {
  if (error instanceof RegistryError) return [...registryActions(error), SHOW_LOG];
  if (error instanceof InvalidSettingError) return [openSettings(error.key.replace(/\[.*$/, ''))];
  if (error instanceof UntrustedWorkspaceError) return [{ title: 'Manage Trust', command: 'workbench.trust.manage' }];
  if (error instanceof TaskFailedError) return taskActions(error);
  if (error instanceof MountedWritableError)
    return [{ title: 'Unmount', command: COMMANDS.unmountImage, argument: { folder: error.folder } }];
  if (error instanceof DamagedFolderError)
    return [{ title: 'Remove Image…', command: COMMANDS.removeImage, argument: { folder: error.folder } }];
  return isOurs(error) ? [] : [SHOW_LOG];
}

function openSettings(key: string): FailureAction {
  return { title: 'Open Settings', command: 'workbench.action.openSettings', argument: `${SECTION}.${key}` };
}

function registryActions(error: RegistryError): readonly FailureAction[] {
  const argument = { registry: error.registry };
  if (ACCOUNT_HELPS.some(type => error instanceof type) || (error instanceof NotFoundError && error.orNoAccess)) {
    return [{ title: 'Sign In…', command: COMMANDS.signIn, argument }];
  }
  if (error instanceof TlsError || error instanceof InsecureRefusedError)
    return [{ title: 'Trust…', command: COMMANDS.trustRegistry, argument }];
  if (error instanceof ClientCertificateNeededError) return [openSettings(SETTINGS.registries)];
  if (error instanceof NoCatalogError) return [{ title: 'Open Image…', command: COMMANDS.openImage }];
  if (error instanceof NotFoundError && error.suggestion !== undefined) {
    const reference = `${error.registry}/${error.suggestion}`;
    return [{ title: `Open ${error.suggestion}`, command: COMMANDS.openImage, argument: { reference } }];
  }
  if (error instanceof ProxyError)
    return [{ title: 'Proxy Settings', command: 'workbench.action.openSettings', argument: 'http.proxy' }];
  return [];
}

/** Alternatives where sudo failed, and remedies for other failed tasks. */
function taskActions({ failure, folder }: TaskFailedError): readonly FailureAction[] {
  const argument = { folder };
  const withoutSudo = { title: 'Mount Without sudo…', command: COMMANDS.mountWithoutSudo, argument };
  const merged = { title: 'Extract Merged…', command: COMMANDS.extractMerged, argument };
  switch (failure?.reason) {
    case 'no-sudo':
    case 'sudo-blocked':
    case 'sudo-refused':
    case 'no-overlay':
      return [withoutSudo, merged];
    case 'not-permitted':
    case 'kernel-too-old':
    case 'unfit-disk':
    case 'read-only-disk':
    case 'not-yours':
    case 'mount-failed':
    case 'no-namespaces':
    case 'no-fuse':
      return [merged];
    case 'busy':
    case 'unmount-failed':
      return [{ title: 'Force Unmount (Lazy)', command: COMMANDS.unmountLazily, argument }];
    case 'not-mounted':
      return [{ title: 'Mount', command: COMMANDS.mountImage, argument }];
    case 'still-mounted':
      return [{ title: 'Unmount', command: COMMANDS.unmountImage, argument }];
    default:
      return [];
  }
}
