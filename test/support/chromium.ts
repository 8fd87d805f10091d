import { existsSync } from 'node:fs';

import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/** Whether Debian's browser is there; suites that need it are skipped with the reason otherwise. */
export const chromiumPresent = existsSync(EXECUTABLE);

if (!chromiumPresent)
  console.warn(
    `Skipped: suites with a browser, because ${EXECUTABLE} is missing (Debian package: chromium).`,
  );

/** Starts a headless browser that talks to this machine only. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
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
  });
}
