import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  NotFoundException,
  UnauthorizedException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { INVALID_CREDENTIALS } from '../maestrano.constants.js';
import { EndpointAccess } from './endpoint-access.js';
import { type PlatformRequest, requestUrl } from '../utils/platform-request.js';
import { requestState } from './request-state.js';

/**
 * Stands before every controller of ours: decides endpoint and marketplace from the full URL, and lets nobody in
 * without the credentials of that marketplace where the endpoint asks for them (protocol §6.5). Where the early
 * check ran already, its verdict counts.
 */
@Injectable()
export class MaestranoRouteGuard implements CanActivate {
  constructor(
    private readonly access: EndpointAccess,
    private readonly host: HttpAdapterHost,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<PlatformRequest>();
    const state = requestState(request);
    if (state?.call && state.owner === this.access) return true;
    const verdict = this.access.decide(request);
    if (typeof verdict !== 'string') return true;
    if (verdict === 'unknown') throw new NotFoundException(`Cannot ${request.method} ${requestUrl(request)}`);
    this.host.httpAdapter.setHeader(
      http.getResponse<unknown>(),
      'WWW-Authenticate',
      'Basic realm="maestrano"',
    );
    throw new UnauthorizedException({ error: INVALID_CREDENTIALS });
  }
}
