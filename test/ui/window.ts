import { env } from 'node:process';
import type { TestContext } from 'node:test';
import { chromium } from 'playwright-core';
import { launchEditor, type EditorServer, type LaunchOptions } from '../rig/launcher.ts';
import { ensureEditor } from '../rig/editor.ts';
import { parseJson } from '../support/json.ts';
import { Workbench } from './workbench.ts';

/** What the runner hands to every spec: one browser for all, the installed extension, and which editor to start. */
export interface UiEnvironment {
  /** Where playwright connects to the browser. */
  readonly browser: string;
  /** The folder into which the packed extension was installed. */
  readonly installed: string;
  readonly editor: 'newest' | 'floor';
}

/** The name of the variable that carries {@link UiEnvironment} as JSON. */
export const uiEnvironmentVariable = 'PEEL_UI';

/** A window on a workspace of its own. */
export interface Window {
  readonly workbench: Workbench;
  /** The workspace folder. */
  readonly folder: string;
}

/** What a window opens on. */
export interface WindowOptions {
  /** User settings; the editor's others are those of `quietSettings`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Files of the workspace: path -> text. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Starts an editor with the installed extension for a test file, ended after its last test: call it in `before`.
 *
 * @param name of the log files
 */
export async function startEditor(name: string, options: Partial<LaunchOptions> = {}): Promise<EditorServer> {
  const { editor, installed } = uiEnvironment();
  return launchEditor({ editor: await ensureEditor(editor), name: `ui-${name}`, installed, ...options });
}

/**
 * Opens a window in a new browser profile on a new workspace. When the test ends it is closed; when the test failed a picture of it is kept as
 * `out/screenshots/failed-….png`.
 */
export async function openWindow(t: TestContext, server: EditorServer, options: WindowOptions = {}): Promise<Window> {
  await server.writeSettings(options.settings ?? {});
  const folder = await server.makeWorkspace(fileName(t.name), options.files);
  const workbench = await openPage(t);
  await workbench.open(server.addressOf(folder));
  return { workbench, folder };
}

/** Opens a new browser profile on nothing yet, for a test that starts its editor in its own way. Closed as that of {@link openWindow} is. */
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

/** Which editor the specs run in. */
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
