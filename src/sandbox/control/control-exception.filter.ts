import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { SandboxError } from '../../errors/sandbox.error.js';

const BAD_REQUEST = 400;
const SERVER_ERROR = 500;

/** What goes wrong in the control interface: `{ code, message, remedy }` and a status. */
@Catch()
export class ControlExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const { status, body } = responseTo(exception);
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), body, status);
  }
}

function responseTo(exception: unknown): { status: number; body: Readonly<Record<string, string | null>> } {
  if (exception instanceof SandboxError) {
    const { code, message, remedy } = exception;
    const sentence = remedy === '' ? message : message.slice(0, -remedy.length - 1);
    return { status: BAD_REQUEST, body: { code, message: sentence, remedy } };
  }
  const message = exception instanceof Error ? exception.message : 'It failed without a reason.';
  const status = exception instanceof HttpException ? exception.getStatus() : SERVER_ERROR;
  return { status, body: { code: null, message, remedy: '' } };
}
