import { createRequire } from 'node:module';

const manifest = createRequire(import.meta.url)('../../package.json') as { version: string };

/** The version of this package, for User-Agent and diagnostics. */
export const PACKAGE_VERSION: string = manifest.version;
