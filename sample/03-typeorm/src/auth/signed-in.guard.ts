import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';

/** Lets in whom Passport knows, however they came; others are sent to the front page. */
@Injectable()
export class SignedInGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    if (http.getRequest<Request>().user) return true;
    http.getResponse<Response>().redirect(303, '/');
    return false;
  }
}
