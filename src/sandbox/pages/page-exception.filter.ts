import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';

import type { IncomingMessage } from 'node:http';

import { SandboxError } from '../../errors/sandbox.error.js';
import { html } from '../../views/html.js';
import { exchangeOf, type SandboxExchange } from '../http/exchange.js';
import { PAGE_HEADERS } from './page.decorator.js';
import { SandboxPages } from './sandbox-pages.js';

const NOT_FOUND = 404;

/**
 * What goes wrong on the way to a page is a page as well: the status, what happened, where to go on. Interfaces
 * respond in JSON as ever.
 */
@Catch()
export class PageExceptionFilter extends BaseExceptionFilter {
  constructor(private readonly pages: SandboxPages) {
    super();
  }

  override catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<IncomingMessage & { raw?: IncomingMessage }>();
    const exchange = exchangeOf(request) as SandboxExchange | undefined;
    const adapter = this.httpAdapterHost?.httpAdapter;
    if (!adapter || !exchange || exchange.route || !wantsPage(exchange)) return super.catch(exception, host);
    const { status, title, text } = responseTo(exception, exchange);
    const response = http.getResponse<unknown>();
    for (const [name, value] of Object.entries(PAGE_HEADERS)) adapter.setHeader(response, name, value);
    const body = html`<div class="card">
      <p>${text}</p>
      <p class="actions">
        <a class="button primary" href="/">Overview</a><a class="button" href="/journal">Journal</a>
      </p>
    </div>`;
    adapter.reply(response, this.pages.render(exchange, { title, body }), status);
  }
}

/** Whether a person's browser asks. */
function wantsPage({ headers }: SandboxExchange): boolean {
  return headers.accept?.includes('text/html') ?? false;
}

function responseTo(
  exception: unknown,
  exchange: SandboxExchange,
): { status: number; title: string; text: string } {
  if (exception instanceof SandboxError)
    return { status: 400, title: 'That did not work', text: exception.message };
  if (!(exception instanceof HttpException))
    return {
      status: 500,
      title: 'The sandbox failed',
      text: exception instanceof Error ? exception.message : 'Without a reason.',
    };
  const status = exception.getStatus();
  if (status !== NOT_FOUND) return { status, title: 'That did not work', text: exception.message };
  return {
    status,
    title: 'No such page',
    text: `There is nothing at ${exchange.path}. Use the navigation, or begin with the overview.`,
  };
}
