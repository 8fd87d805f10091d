import type { Sandbox } from '../sandbox/index.js';

/** The official variables with which an application finds a sandbox (protocol §2.2). */
export function platformVariables({ developerPlatform }: Sandbox): Readonly<Record<string, string>> {
  const { host, apiPath, apiKey, apiSecret } = developerPlatform;
  return {
    MNO_DEVPL_HOST: host,
    MNO_DEVPL_API_PATH: apiPath,
    MNO_DEVPL_ENV_KEY: apiKey,
    MNO_DEVPL_ENV_SECRET: apiSecret,
  };
}
