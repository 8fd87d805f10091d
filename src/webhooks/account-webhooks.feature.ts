import type { EndpointDefinition } from '../routing/endpoint.js';
import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { GroupDeletionHandler, GroupUserRemovalHandler } from './account-webhooks.handler.js';
import { AccountWebhooksService } from './account-webhooks.service.js';

const ENDPOINTS: readonly EndpointDefinition[] = [
  {
    name: 'account.group',
    group: 'accountWebhooks',
    verbs: ['DELETE'],
    access: 'basic',
    conventional: ['account/groups/:id', 'account/groups/:id/:marketplace'],
    configured: ({ webhooks }) => [webhooks.account.groupPath],
    handler: GroupDeletionHandler,
  },
  {
    name: 'account.groupUser',
    group: 'accountWebhooks',
    verbs: ['DELETE'],
    access: 'basic',
    conventional: ['account/groups/:group_id/users/:id', 'account/groups/:group_id/users/:id/:marketplace'],
    configured: ({ webhooks }) => [webhooks.account.groupUserPath],
    handler: GroupUserRemovalHandler,
  },
];

/** The account webhooks (protocol §6): a group cancels the application, a user is removed from a group. */
export function accountWebhooksFeature(_extras: MaestranoModuleExtras): MaestranoFeature {
  return {
    providers: [AccountWebhooksService, GroupDeletionHandler, GroupUserRemovalHandler],
    exports: [],
    endpoints: ENDPOINTS,
  };
}
