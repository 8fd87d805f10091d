import { All, Controller, Get, Post, Res } from '@nestjs/common';

import { bodyFields, Exchange, type SandboxExchange } from '../http/exchange.js';
import { MarketplaceFinder } from '../platform/marketplace-finder.js';
import { ConnecApi, type SandboxConnecResponse } from './connec-api.js';
import { ConnecBatch } from './connec-batch.js';
import { CONNEC_TITLES, ConnecApiException } from './connec-api.exception.js';
import { ConnecReports } from './connec-reports.js';

interface Reply {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

/** Both places where clients look for Connec!: the sandbox's, and the real one that some of them write themselves. */
const BASES = ['connec/api/v2', 'api/v2'];
const TAILS = [':group', ':group/:resource', ':group/:resource/:id', ':group/:resource/:id/:action'];
const PATHS = BASES.flatMap((base) => TAILS.map((tail) => `${base}/${tail}`));

/** Connec! v2 over HTTP (protocol §9.1). */
@Controller()
export class ConnecController {
  constructor(
    private readonly marketplaces: MarketplaceFinder,
    private readonly api: ConnecApi,
    private readonly batches: ConnecBatch,
    private readonly reports: ConnecReports,
  ) {}

  @Get('version')
  version(): unknown {
    return { ci_branch: 'v1.8', ci_commit: 'sandbox', env: 'sandbox' };
  }

  @Post(['batch', 'connec/batch'])
  batch(@Exchange() exchange: SandboxExchange, @Res({ passthrough: true }) reply: Reply): unknown {
    const marketplace = this.#authenticate(exchange);
    reply.status(200);
    return this.batches.run(marketplace, this.#body(exchange), this.#externalIds(exchange));
  }

  @Get('api/reports/:group/:report')
  report(@Exchange() exchange: SandboxExchange): unknown {
    const marketplace = this.#authenticate(exchange);
    const [groupId = '', report = ''] = exchange.path.split('/').slice(3).map(decodeURIComponent);
    return this.reports.run({ marketplace, groupId }, report, exchange.query);
  }

  @All(PATHS)
  handle(@Exchange() exchange: SandboxExchange, @Res({ passthrough: true }) reply: Reply): unknown {
    const response: SandboxConnecResponse = this.api.handle({
      method: exchange.method,
      marketplace: this.#authenticate(exchange),
      segments: exchange.path
        .replace(/^(\/connec)?\/api\/v2\//, '')
        .split('/')
        .filter(Boolean)
        .map(decodeURIComponent),
      query: exchange.query,
      body: this.#body(exchange),
      externalIds: this.#externalIds(exchange),
    });
    reply.status(response.status);
    for (const [name, value] of Object.entries(response.headers)) reply.header(name, value);
    return response.body;
  }

  #authenticate(exchange: SandboxExchange): string {
    const marketplace = this.marketplaces.byCredentials(exchange.credentials);
    if (!marketplace) throw new ConnecApiException(401, CONNEC_TITLES.unauthorized);
    exchange.marketplace = marketplace.name;
    return marketplace.name;
  }

  #externalIds(exchange: SandboxExchange): boolean {
    return exchange.headers['connec-external-ids'] === 'true';
  }

  #body(exchange: SandboxExchange): Record<string, unknown> {
    const fields = bodyFields(exchange);
    if (fields) return fields;
    throw new ConnecApiException(400, 'Malformed body', { detail: 'The body is not a JSON object' });
  }
}
