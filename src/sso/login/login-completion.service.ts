import { Injectable, Logger } from '@nestjs/common';

import { AdapterResolver } from '../../adapters/adapter-resolver.js';
import { MaestranoError } from '../../errors/maestrano.error.js';
import { MaestranoLoginDeniedError } from '../../errors/login-denied.error.js';
import type { AdapterContext } from '../../interfaces/adapter-context.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { HttpExchange } from '../../routing/http-exchange.js';
import { SessionService } from '../../session/session.service.js';
import { DeletedGroupsService } from '../../stores/deleted-groups.service.js';
import { ReturnTo } from './return-to.service.js';
import type { VerifiedLogin } from './login.service.js';

/** What a verified login leads to: user, company and membership in the application, then a session. */
@Injectable()
export class LoginCompletion {
  readonly #logger = new Logger('MaestranoSso');

  constructor(
    private readonly adapters: AdapterResolver,
    private readonly sessions: SessionService,
    private readonly returnTo: ReturnTo,
    private readonly deletedGroups: DeletedGroupsService,
  ) {}

  /**
   * What an adapter throws ends the login without a session, is logged with the trace code, and goes on unchanged to the
   * application's exception filters.
   *
   * @returns where to send the browser.
   */
  async complete(exchange: HttpExchange, marketplace: Marketplace, login: VerifiedLogin): Promise<string> {
    try {
      return await this.#complete(exchange, marketplace, login);
    } catch (error) {
      const outcome = `Login ${login.traceCode} on "${marketplace.name}" was valid, but the application`;
      if (error instanceof MaestranoLoginDeniedError) this.#logger.log(`${outcome} denied it.`);
      else this.#logger.error(`${outcome} failed: ${describe(error)}.`);
      throw error;
    }
  }

  async #complete(exchange: HttpExchange, marketplace: Marketplace, login: VerifiedLogin): Promise<string> {
    const { request, response } = exchange;
    const { profile, transaction } = login;
    const context: AdapterContext = { marketplace, request };
    const users = await this.adapters.user(request);
    const groups = await this.adapters.group(request);
    const { adapters } = this;
    const user = await adapters.inTime(
      users,
      'findOrCreateUser',
      users.findOrCreateUser(profile.user, context),
    );
    const group = await adapters.inTime(
      groups,
      'findOrCreateGroup',
      groups.findOrCreateGroup(profile.group, context),
    );
    const known = await adapters.inTime(groups, 'hasMember', groups.hasMember(group, user, context));
    const method = known ? 'updateMember' : 'addMember';
    await adapters.inTime(groups, method, groups[method](group, user, profile.membership, context));

    // A company that cancelled and is back: its data is welcome again.
    await this.deletedGroups.groupRestored(marketplace.name, profile.group.uid);
    await this.sessions.establish(exchange, marketplace, login);
    const fallback = transaction.returnTo ?? this.returnTo.home(marketplace);
    const adapter = await this.adapters.session(request);
    if (!adapter) return fallback;
    try {
      const completed = { profile, user, group, returnTo: transaction.returnTo };
      const signedIn = adapter.signIn(completed, { ...context, response });
      const target = await adapters.inTime(adapter, 'signIn', signedIn);
      await this.sessions.keep(exchange);
      return this.#chosen(target, marketplace) ?? fallback;
    } catch (error) {
      await this.sessions.discard(exchange, marketplace);
      throw error;
    }
  }

  #chosen(target: string | void, marketplace: Marketplace): string | null {
    if (!target) return null;
    const chosen = this.returnTo.parse(target, marketplace);
    if (chosen === null) {
      this.#logger.warn(
        'The session adapter chose a page on a foreign origin; list it in "sso.returnToOrigins".',
      );
    }
    return chosen;
  }
}

/** Errors of the application are logged by name alone: their texts may hold what is personal. */
function describe(error: unknown): string {
  if (error instanceof MaestranoError) return error.message;
  return error instanceof Error ? error.name : typeof error;
}
