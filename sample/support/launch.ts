import { randomBytes } from 'node:crypto';

import type { INestApplication } from '@nestjs/common';
import { type Sandbox, startSandbox } from 'nestjs-maestrano/sandbox';

import { freePort } from './free-port.js';

/** The sample application beside a marketplace of its own. */
export interface Launched {
  readonly sandbox: Sandbox;
  readonly app: INestApplication;
  readonly appUrl: string;
  close(): Promise<void>;
}

/**
 * Starts the sandbox and the sample application, which fetches its configuration from the sandbox's developer
 * platform exactly as it would from the real one: through the official environment variables.
 */
export async function launch(options: { readonly quiet: boolean }): Promise<Launched> {
  const appPort = await freePort(Number(process.env['PORT'] ?? 3000));
  const sandboxPort = await freePort(Number(process.env['SANDBOX_PORT'] ?? 4100));
  const appUrl = `http://127.0.0.1:${appPort}`;
  // Two host names, as in earnest: the application and the marketplace are different sites to a browser.
  const sandbox = await startSandbox({ port: sandboxPort, host: 'localhost', appUrl });
  const { host, apiPath, apiKey, apiSecret } = sandbox.developerPlatform;
  Object.assign(process.env, {
    PORT: String(appPort),
    MNO_DEVPL_HOST: host,
    MNO_DEVPL_API_PATH: apiPath,
    MNO_DEVPL_ENV_KEY: apiKey,
    MNO_DEVPL_ENV_SECRET: apiSecret,
    SESSION_SECRET: process.env['SESSION_SECRET'] ?? randomBytes(32).toString('hex'),
  });
  const { bootstrap } = await import('../01-express/src/bootstrap.js');
  const app = await bootstrap(options.quiet ? ['error', 'warn'] : undefined);
  return {
    sandbox,
    app,
    appUrl,
    close: async () => {
      await app.close();
      await sandbox.close();
    },
  };
}
