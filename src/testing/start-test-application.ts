import type { INestApplication } from '@nestjs/common';

import { type Sandbox, startSandbox } from '../sandbox/index.js';
import type { StartSandboxOptions } from '../sandbox/sandbox-options.js';
import { freePort } from '../utils/free-port.js';
import { TestApplication } from './test-application.js';

/** The marketplace of a test, and where the application listens. */
export interface TestApplicationOptions extends Omit<StartSandboxOptions, 'appUrl' | 'port' | 'host'> {
  /** Port of the application; a free one by default. */
  readonly appPort?: number;
}

/**
 * Starts a whole application of yours against a marketplace of its own, on free ports of this machine: for tests of logins,
 * pages, webhooks and bills with nothing replaced.
 *
 * ```ts
 * await using test = await startTestApplication(() => NestFactory.create(AppModule));
 * const cookie = await test.signIn({ user: 'usr-1', group: 'cld-1' });
 * const page = await test.request('/dashboard', { cookie });
 * ```
 *
 * An application that asks the developer platform finds the sandbox: the `MNO_DEVPL_*` variables name it until the
 * application listens, and are what they were afterwards. One with marketplaces of its own takes `sandbox.options`.
 *
 * @param create makes the application as `main.ts` does, without `listen()`: prefix, pipes, session middleware.
 * @throws what `create` and the start of the application throw; nothing is left open then.
 */
export async function startTestApplication(
  create: (sandbox: Sandbox) => Promise<INestApplication> | INestApplication,
  { appPort, ...options }: TestApplicationOptions = {},
): Promise<TestApplication> {
  const port = appPort ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const sandbox = await startSandbox({ ...options, appUrl: url });
  const restore = setVariables(sandbox);
  let app: INestApplication | null = null;
  try {
    app = await create(sandbox);
    await app.listen(port, '127.0.0.1');
    return new TestApplication(app, sandbox, url);
  } catch (error) {
    await app?.close();
    await sandbox.close();
    throw error;
  } finally {
    restore();
  }
}

/** Names the sandbox in the environment (protocol §2.2). Returns how to undo that. */
function setVariables({ developerPlatform }: Sandbox): () => void {
  const { host, apiPath, apiKey, apiSecret } = developerPlatform;
  const variables: Readonly<Record<string, string>> = {
    MNO_DEVPL_HOST: host,
    MNO_DEVPL_API_PATH: apiPath,
    MNO_DEVPL_ENV_KEY: apiKey,
    MNO_DEVPL_ENV_SECRET: apiSecret,
  };
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
