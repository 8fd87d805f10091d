import { WebhookError } from '../errors/webhook.error.js';
import type { EndpointCall } from '../routing/endpoint.js';
import { unmaskUser } from '../utils/masking.js';
import { isPlatformIdentifier } from '../utils/platform-identifier.js';

/**
 * A placeholder of the route as an identifier.
 *
 * @throws WebhookError `webhook.identifier` when it cannot be one.
 */
export function identifierOf({ marketplace, params }: EndpointCall, name: string): string {
  const value = params[name];
  // A virtual uid without the real one before its dot names nobody.
  if (isPlatformIdentifier(value) && unmaskUser(value) !== '') return value;
  throw new WebhookError('webhook.identifier', `The path holds no usable ":${name}".`, {
    marketplace: marketplace.name,
    remedy: 'Check the path templates of the account webhooks.',
  });
}
