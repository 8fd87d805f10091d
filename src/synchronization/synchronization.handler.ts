import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import {
  MaestranoSynchronizationAdapter,
  type SynchronizationState,
} from '../adapters/maestrano-synchronization.adapter.js';
import { AdapterResolver } from '../adapters/adapter-resolver.js';
import { WebhookError } from '../errors/webhook.error.js';
import type { AdapterContext } from '../interfaces/adapter-context.interface.js';
import { type EndpointCall, EndpointHandler } from '../routing/endpoint.js';
import type { HttpExchange } from '../routing/http-exchange.js';

/** Body for a group nobody knows (protocol §10.2). */
const UNKNOWN_GROUP = { errors: [{ message: 'Organization not found', code: 404 }] };

/** What the three synchronization endpoints have in common: the group, the adapter, the shape of the answer. */
export abstract class SynchronizationHandler extends EndpointHandler {
  /** HTTP status of a success. */
  protected abstract readonly success: number;

  constructor(private readonly adapters: AdapterResolver) {
    super();
  }

  /** The group the request speaks of; null when it names none. */
  protected abstract groupUid(exchange: HttpExchange, call: EndpointCall): string | null;

  /** Asks the adapter; null for a group the application does not know. */
  protected abstract ask(
    adapter: MaestranoSynchronizationAdapter,
    group: GroupReference,
    context: AdapterContext,
    exchange: HttpExchange,
  ): Promise<SynchronizationState | null> | SynchronizationState | null;

  override async handle(exchange: HttpExchange, call: EndpointCall): Promise<void> {
    const { marketplace } = call;
    const groupUid = this.groupUid(exchange, call);
    if (groupUid === null) {
      throw new WebhookError('webhook.request', 'The request names no group.', {
        marketplace: marketplace.name,
        remedy: 'Send "group_id" as a form field or in JSON, and leave the body parsers of the platform on.',
      });
    }
    const { request } = exchange;
    const adapter = await this.adapters.required(
      MaestranoSynchronizationAdapter,
      'synchronizationAdapter',
      request,
    );
    const group = { marketplace: marketplace.name, groupUid };
    const state = await this.ask(adapter, group, { marketplace, request }, exchange);
    if (state) exchange.json(this.success, answerOf(groupUid, state));
    else exchange.json(404, UNKNOWN_GROUP);
  }
}

/** `message` and `updated_at` are there only once something was synchronized (protocol §10.2). */
function answerOf(groupUid: string, { enabled, status, message, updatedAt }: SynchronizationState): object {
  const answer = { group_id: groupUid, sync_enabled: enabled, status };
  if (message === undefined && updatedAt === undefined) return answer;
  // Whole seconds, as the platform writes times.
  const updated = updatedAt ? `${updatedAt.toISOString().slice(0, 19)}Z` : null;
  return { ...answer, message: message ?? null, updated_at: updated };
}
