import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  NotFoundException,
  UnauthorizedException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { BASIC_CHALLENGE, CREDENTIALS_REJECTED } from '../../security/challenge.js';
import { type IncomingRequest, requestUrl } from '../../utils/incoming-request.js';
import { EndpointAccess } from './endpoint-access.service.js';

/**
 * Stands before every controller of ours: decides endpoint and marketplace from the URL, and lets nobody in
 * without the credentials of that marketplace where the endpoint asks for them (protocol §6.5). Where the early
 * check ran already, its decision counts.
 */
@Injectable()
export class MaestranoRouteGuard implements CanActivate {
  constructor(
    private readonly access: EndpointAccess,
    private readonly host: HttpAdapterHost,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<IncomingRequest>();
    const decision = this.access.decide(request);
    if (typeof decision !== 'string') return true;
    if (decision === 'unknown')
      throw new NotFoundException(`Cannot ${request.method} ${requestUrl(request)}`);
    this.host.httpAdapter.setHeader(http.getResponse<unknown>(), 'WWW-Authenticate', BASIC_CHALLENGE);
    throw new UnauthorizedException(CREDENTIALS_REJECTED);
  }
}
