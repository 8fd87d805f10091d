import { ConfigurationError } from '../errors/configuration.error.js';
import type {
  ConnecClientOptions,
  ConnecNotificationOptions,
  ConnecOptions,
} from '../interfaces/connec-options.interface.js';
import { numberOption } from '../utils/number-option.js';

/** The `connec` option, checked and complete. */
export interface ConnecSettings {
  readonly client: ConnecClientOptions;
  readonly notifications: Required<ConnecNotificationOptions>;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Checks the `connec` option and fills in defaults. A limit that is not a number would not limit anything, so it is
 * better refused at start.
 *
 * @throws ConfigurationError (`configuration.options`)
 */
export function resolveConnecSettings(options: ConnecOptions | undefined): ConnecSettings {
  const { client = {}, notifications = {} } = options ?? {};
  const { pageConcurrency, timeoutMs, maxResponseBytes } = client;
  numberOption('connec.client.pageConcurrency', pageConcurrency, 4, 1, 16);
  numberOption('connec.client.timeoutMs', timeoutMs, 60_000);
  numberOption('connec.client.maxResponseBytes', maxResponseBytes, 1);
  const name = (key: keyof ConnecNotificationOptions) => `connec.notifications.${key}`;
  const { acknowledge = 'whenHandled', identity = 'version' } = notifications;
  oneOf(name('acknowledge'), acknowledge, ['whenHandled', 'always']);
  oneOf(name('identity'), identity, ['version', 'content']);
  const { maxEntities, maxDepth, concurrency, rememberMs, leaseMs } = notifications;
  return {
    client,
    notifications: {
      acknowledge,
      identity,
      maxEntities: numberOption(name('maxEntities'), maxEntities, 10_000),
      maxDepth: numberOption(name('maxDepth'), maxDepth, 32, 1, 1_000),
      concurrency: numberOption(name('concurrency'), concurrency, 4, 1, 64),
      rememberMs: numberOption(name('rememberMs'), rememberMs, 30 * DAY_MS, 1, Number.MAX_SAFE_INTEGER),
      leaseMs: numberOption(name('leaseMs'), leaseMs, 60_000, 100),
    },
  };
}

function oneOf(option: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw new ConfigurationError('configuration.options', {
    message: `The option ${option} is none of ${allowed.join(', ')}.`,
    remedy: 'Correct it, or leave it out for the default.',
  });
}
