import { env } from 'node:process';
import type { TestContext } from 'node:test';
import { chromium } from 'playwright-core';
import { launchEditor, type EditorServer, type LaunchOptions } from '../rig/launcher.ts';
import { ensureEditor } from '../rig/editor.ts';
import { parseJson } from '../support/json.ts';
import { Workbench } from './workbench.ts';

/**
 * What the runner passes to every spec: a shared browser, the installed extension, and which editor
 * to start.
 */
export interface UiEnvironment {
  /** The endpoint that playwright connects to. */
  readonly browser: string;
  /** The folder in which the packed extension is installed. */
  readonly installed: string;
  readonly editor: 'newest' | 'floor';
}

/** The environment variable that carries {@link UiEnvironment} as JSON. */
export const uiEnvironmentVariable = 'PEEL_UI';

/** A window on its own workspace. */
export interface Window {
  readonly workbench: Workbench;
  /** The workspace folder. */
  readonly folder: string;
}

/** Options for opening a window. */
export interface WindowOptions {
  /** User settings in addition to `quietSettings`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Files of the workspace: path -> content. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Starts an editor with the installed extension for a test file. Call it in `before`, and stop the
 * editor in `after`.
 *
 * @param name the base name of the log files
 */
export async function startEditor(name: string, options: Partial<LaunchOptions> = {}): Promise<EditorServer> {
  const { editor, installed } = uiEnvironment();
  return launchEditor({ editor: await ensureEditor(editor), name: `ui-${name}`, installed, ...options });
}

/**
 * Opens a window in a new browser profile on a new workspace, and closes it when the test ends. If
 * the test failed, keeps a screenshot as `out/screenshots/failed-….png`.
 */
export async function openWindow(t: TestContext, server: EditorServer, options: WindowOptions = {}): Promise<Window> {
  await server.writeSettings(options.settings ?? {});
  const folder = await server.makeWorkspace(fileName(t.name), options.files);
  const workbench = await openPage(t);
  await workbench.open(server.addressOf(folder));
  return { workbench, folder };
}

/**
 * Opens an empty page in a new browser profile, for a test that starts its editor differently.
 * Closes it as {@link openWindow} does.
 */
export async function openPage(t: TestContext): Promise<Workbench> {
  const browser = await chromium.connect(uiEnvironment().browser);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const workbench = new Workbench(await context.newPage());
  t.after(async () => {
    if ('passed' in t && t.passed === false) {
      await workbench.screenshot(`failed-${fileName(t.name)}`).catch(() => undefined);
    }
    await context.close();
    await browser.close();
  });
  return workbench;
}

function fileName(title: string): string {
  return title.replaceAll(/[^\w]+/g, '-').slice(0, 60);
}

/** Returns which editor the specs run in. */
export function editorName(): UiEnvironment['editor'] {
  return uiEnvironment().editor;
}

function uiEnvironment(): UiEnvironment {
  const { browser, installed, editor } = parseJson(env[uiEnvironmentVariable] ?? '{}');
  if (typeof browser !== 'string' || typeof installed !== 'string') {
    throw new Error('UI specs need a browser and the installed extension: run them by `npm run test:ui`.');
  }
  return { browser, installed, editor: editor === 'floor' ? 'floor' : 'newest' };
}
