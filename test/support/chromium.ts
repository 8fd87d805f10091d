import { existsSync } from 'node:fs';

import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/** Whether Debian's browser is there; suites that need it are skipped with the reason otherwise. */
export const chromiumPresent = existsSync(EXECUTABLE);

if (!chromiumPresent)
  console.warn(
    `Skipped: suites with a browser, because ${EXECUTABLE} is missing (Debian package: chromium).`,
  );

/** How every browser is started: Debian's, headless, talking to this machine only. */
export const CHROMIUM = {
  executablePath: EXECUTABLE,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

/** Starts a headless browser. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch(CHROMIUM);
}
