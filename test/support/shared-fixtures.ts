import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', '..', '..', 'shared', 'fixtures');

/** Whether the recordings that nobody here wrote lie beside this checkout. */
export const sharedFixturesPresent = existsSync(folder);

/** Why a suite that needs them is skipped. */
export const SHARED_FIXTURES_REASON = 'the shared fixtures folder is not beside this checkout';

/** The text of one recording, such as `real-idp/index.json`; throws where the folder is absent. */
export function sharedFixture(path: string): string {
  return readFileSync(join(folder, path), 'utf8');
}

if (!sharedFixturesPresent) console.warn(`Skipping recorded fixtures: ${SHARED_FIXTURES_REASON}.`);
