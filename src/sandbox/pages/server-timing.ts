import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type Observable, tap } from 'rxjs';

/** Says in a header how long a page took to make, milliseconds: browsers show it beside the request. */
@Injectable()
export class ServerTiming implements NestInterceptor {
  constructor(private readonly host: HttpAdapterHost) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const started = performance.now();
    const response = context.switchToHttp().getResponse<unknown>();
    return next.handle().pipe(
      tap(() => {
        const took = (performance.now() - started).toFixed(1);
        this.host.httpAdapter.setHeader(response, 'server-timing', `page;dur=${took}`);
      }),
    );
  }
}
