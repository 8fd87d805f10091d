import type { Provider } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

import type { ConnecSettings } from '../settings/maestrano-settings.js';
import { CONNEC_SETTINGS } from '../settings/settings.providers.js';
import type { EndpointDefinition } from '../routing/endpoint.js';
import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { MaestranoStore } from '../stores/maestrano-store.js';
import { ConnecService } from './connec.service.js';
import { ConnecHandlerRegistry } from './notifications/connec-handler.registry.js';
import {
  ConnecNotificationHandler,
  INITIALIZATION_ENDPOINT,
  NOTIFICATION_ENDPOINT,
} from './notifications/connec-notification.handler.js';
import { DeadLetterSeal } from './notifications/dead-letter-seal.service.js';
import { DeliveryLedger } from './notifications/delivery-ledger.js';
import { GroupAdmissionService } from './notifications/group-admission.service.js';
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
    bodyLimit: ({ bodyLimit }) => bodyLimit,
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
      DeadLetterSeal,
      GroupAdmissionService,
      NotificationProcessor,
      ConnecHandlerRegistry,
      // What DiscoveryModule provides; a feature brings providers only.
      DiscoveryService,
      MetadataScanner,
      LEDGER,
    ],
    exports: [ConnecService, ConnecNotifications, ConnecNotificationCounters, DeadLetterSeal],
    endpoints: ENDPOINTS,
  };
}

const LEDGER: Provider = {
  provide: DeliveryLedger,
  inject: [MaestranoStore, CONNEC_SETTINGS],
  useFactory: (store: MaestranoStore, { notifications }: ConnecSettings): DeliveryLedger => {
    const { rememberMs, leaseMs } = notifications;
    return new DeliveryLedger(store, { rememberMs, leaseMs });
  },
};
