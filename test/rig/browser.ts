import { env } from 'node:process';
import { chromium, type BrowserServer } from 'playwright-core';
import { findCommand } from './tools.ts';

/**
 * Starts a headless Chromium that makes no requests of its own. Suites connect to it with
 * `chromium.connect(browser.wsEndpoint())`.
 */
export async function launchBrowser(): Promise<BrowserServer> {
  const executablePath = env.PEEL_CHROMIUM ?? findCommand('chromium', 'chromium-browser', 'google-chrome');
  if (executablePath === undefined)
    throw new Error('No chromium: apt-get install chromium, or name one in PEEL_CHROMIUM.');
  return chromium.launchServer({
    executablePath,
    host: '127.0.0.1',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
