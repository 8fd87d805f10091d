import type { Provider } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

import type { ConnecOptions } from '../interfaces/connec-options.interface.js';
import { MAESTRANO_OPTIONS } from '../maestrano.constants.js';
import type { EndpointDefinition } from '../routing/endpoint.js';
import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { MaestranoStore } from '../stores/maestrano-store.js';
import { resolveConnecSettings } from './connec-settings.js';
import { ConnecService } from './connec.service.js';
import { ConnecHandlerRegistry } from './notifications/connec-handler.registry.js';
import {
  ConnecNotificationHandler,
  INITIALIZATION_ENDPOINT,
  NOTIFICATION_ENDPOINT,
} from './notifications/connec-notification.handler.js';
import { DeliveryLedger } from './notifications/delivery-ledger.js';
import { ConnecNotifications } from './notifications/notification-intake.service.js';
import { NotificationProcessor } from './notifications/notification-processor.js';
import { ConnecNotificationCounters } from './notifications/notification-stats.js';

const ENDPOINTS: readonly EndpointDefinition[] = [
  {
    name: NOTIFICATION_ENDPOINT,
    group: 'connecWebhooks',
    verbs: ['POST'],
    access: 'basic',
    conventional: ['connec/notifications/:marketplace', 'connec/notifications'],
    configured: ({ webhooks }) => [webhooks.connec.notificationPath],
    handler: ConnecNotificationHandler,
    bodyLimit: 5 * 1024 * 1024,
  },
  {
    name: INITIALIZATION_ENDPOINT,
    group: 'connecWebhooks',
    verbs: ['GET', 'POST'],
    access: 'basic',
    conventional: ['connec/initialization/:marketplace', 'connec/initialization'],
    configured: ({ webhooks }) => [webhooks.connec.initializationPath],
    handler: ConnecNotificationHandler,
  },
];

/** The data client, and the notifications of changes (protocol §7, §9). */
export function connecFeature(_extras: MaestranoModuleExtras): MaestranoFeature {
  return {
    providers: [
      ConnecService,
      ConnecNotifications,
      ConnecNotificationHandler,
      ConnecNotificationCounters,
      NotificationProcessor,
      ConnecHandlerRegistry,
      // What DiscoveryModule provides; a feature brings providers only.
      DiscoveryService,
      MetadataScanner,
      LEDGER,
    ],
    exports: [ConnecService, ConnecNotifications],
    endpoints: ENDPOINTS,
  };
}

const LEDGER: Provider = {
  provide: DeliveryLedger,
  inject: [MaestranoStore, MAESTRANO_OPTIONS],
  useFactory: (store: MaestranoStore, options: { readonly connec?: ConnecOptions }): DeliveryLedger => {
    const { rememberMs, leaseMs } = resolveConnecSettings(options.connec).notifications;
    return new DeliveryLedger(store, { rememberMs, leaseMs });
  },
};
