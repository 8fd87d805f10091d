import { Injectable } from '@nestjs/common';

import { AdapterResolver } from '../adapters/adapter-resolver.js';
import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import {
  MaestranoSynchronizationAdapter,
  type SynchronizationState,
} from '../adapters/maestrano-synchronization.adapter.js';
import { MaestranoWebhookError } from '../errors/webhook.error.js';
import type { AdapterContext } from '../interfaces/adapter-context.interface.js';
import { type EndpointCall, EndpointHandler } from '../routing/endpoint.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { isPlatformIdentifier } from '../utils/platform-identifier.js';
import { groupUidOf, synchronizationRequestOf } from './synchronization-request.js';

/** Names of the endpoints. */
export type SynchronizationEndpoint =
  'synchronization.start' | 'synchronization.toggle' | 'synchronization.status';

/** In what the three endpoints differ. */
interface Operation {
  /** HTTP status of a success. */
  readonly status: number;
  /** The group the request speaks of; null when it names none. */
  readonly groupUid: (exchange: HttpExchange, call: EndpointCall) => string | null;
  /** Asks the adapter; null for a group the application does not know. */
  readonly run: (
    adapter: MaestranoSynchronizationAdapter,
    group: GroupReference,
    context: AdapterContext,
    exchange: HttpExchange,
  ) => Promise<SynchronizationState | null> | SynchronizationState | null;
}

const OPERATIONS: Readonly<Record<SynchronizationEndpoint, Operation>> = {
  /** `POST …/synchronizations` (protocol §10.2). */
  'synchronization.start': {
    status: 201,
    groupUid: groupUidOfRequest,
    run: (adapter, group, context, { body }) => adapter.start(group, synchronizationRequestOf(body), context),
  },
  /** `PUT …/synchronizations/toggle_sync` (protocol §10.1). */
  'synchronization.toggle': {
    status: 200,
    groupUid: groupUidOfRequest,
    run: (adapter, group, context) => adapter.toggle(group, context),
  },
  /** `GET …/synchronizations/:cld-uid` (protocol §10.1). */
  'synchronization.status': {
    status: 200,
    groupUid: groupUidOfPath,
    run: (adapter, group, context) => adapter.status(group, context),
  },
};

/** Body for a group nobody knows (protocol §10.2). */
const UNKNOWN_GROUP = { errors: [{ message: 'Organization not found', code: 404 }] };

/** The synchronization endpoints (protocol §10): find the group, ask the adapter, send the state it reports. */
@Injectable()
export class SynchronizationHandler extends EndpointHandler {
  constructor(private readonly adapters: AdapterResolver) {
    super();
  }

  override async handle(exchange: HttpExchange, call: EndpointCall): Promise<void> {
    const operation = OPERATIONS[call.endpoint as SynchronizationEndpoint];
    const { marketplace } = call;
    const groupUid = operation.groupUid(exchange, call);
    if (groupUid === null) {
      throw new MaestranoWebhookError('webhook.request', {
        message: 'The request names no group.',
        marketplace: marketplace.name,
        remedy:
          'Send "group_id" as a form field or in JSON, and leave the body parsers of the HTTP adapter on.',
      });
    }
    const { request } = exchange;
    const adapter = await this.adapters.required(
      MaestranoSynchronizationAdapter,
      'synchronizationAdapter',
      request,
    );
    const group = { marketplace: marketplace.name, groupUid };
    const running = operation.run(adapter, group, { marketplace, request }, exchange);
    const [, method = ''] = call.endpoint.split('.');
    const state = await this.adapters.inTime(adapter, method, running);
    if (state) exchange.json(operation.status, bodyOf(groupUid, state));
    else exchange.json(404, UNKNOWN_GROUP);
  }
}

function groupUidOfRequest({ body, query }: HttpExchange): string | null {
  return groupUidOf(body, query);
}

/** Marketplaces call the placeholder `:cld-uid` or `:id`; a template has only one. */
function groupUidOfPath(_exchange: HttpExchange, { params }: EndpointCall): string | null {
  const value = params['cld-uid'] ?? params.id ?? Object.values(params)[0];
  return isPlatformIdentifier(value) ? value : null;
}

/** `message` and `updated_at` are there only once something was synchronized (protocol §10.2). */
function bodyOf(groupUid: string, { enabled, status, message, updatedAt }: SynchronizationState): object {
  const body = { group_id: groupUid, sync_enabled: enabled, status };
  if (message === undefined && updatedAt === undefined) return body;
  // Whole seconds, as the platform writes times.
  const updated = updatedAt ? `${updatedAt.toISOString().slice(0, 19)}Z` : null;
  return { ...body, message: message ?? null, updated_at: updated };
}
