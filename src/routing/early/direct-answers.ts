import { Injectable } from '@nestjs/common';
import { GUARDS_METADATA, INTERCEPTORS_METADATA } from '@nestjs/common/constants.js';
import { ApplicationConfig } from '@nestjs/core';

import type { PlatformRequest } from '../../utils/platform-request.js';
import { EndpointAccess } from '../endpoint-access.js';
import type { EndpointController } from '../endpoint-controller.js';
import { EndpointDispatcher } from '../endpoint-dispatcher.js';
import { rememberState, requestState } from '../request-state.js';

/** Nest 12 has hooks that Nest 11 does not know. */
interface PreRequestHooks {
  getGlobalPreRequestHooks?(): readonly unknown[];
}

/**
 * Answers requests without Nest's pipeline where that would do nothing but call us: it costs a tenth of a small
 * notification. Guards, interceptors and hooks of the application have it take its usual way, and so does
 * every failure, so that the application's exception filters see it. Global pipes make no difference to controllers
 * that take request and response as they are.
 */
@Injectable()
export class DirectAnswers {
  constructor(
    private readonly access: EndpointAccess,
    private readonly dispatcher: EndpointDispatcher,
    private readonly config: ApplicationConfig,
  ) {}

  /** Asked while routes are registered: what the application adds later, Nest does not look at either. */
  arePossible(controllers: readonly EndpointController[]): boolean {
    const { config } = this;
    const enhancers = [
      config.getGlobalGuards(),
      config.getGlobalRequestGuards(),
      config.getGlobalInterceptors(),
      config.getGlobalRequestInterceptors(),
      (config as PreRequestHooks).getGlobalPreRequestHooks?.() ?? [],
    ];
    return enhancers.every(({ length }) => length === 0) && controllers.every(hasOnlyOurGuard);
  }

  /** Answers what the early check let in; `pipeline` answers everything else, and what fails. */
  answer(request: PlatformRequest, response: unknown, pipeline: () => unknown): void {
    const state = requestState(request);
    if (!state?.call || state.owner !== this.access) {
      pipeline();
      return;
    }
    const fail = (failure: unknown): void => {
      rememberState(request, { ...state, failure });
      pipeline();
    };
    try {
      this.dispatcher.dispatch(request, response, state)?.catch(fail);
    } catch (failure) {
      fail(failure);
    }
  }
}

/** The `decorators` extra may have brought more. */
function hasOnlyOurGuard({ type }: EndpointController): boolean {
  const of = (key: string): unknown[] => (Reflect.getMetadata(key, type) as unknown[] | undefined) ?? [];
  return of(GUARDS_METADATA).length === 1 && of(INTERCEPTORS_METADATA).length === 0;
}
