import { Controller, Get, Res, UnauthorizedException } from '@nestjs/common';

import { createHash } from 'node:crypto';

import { constantTimeEqual } from '../../utils/constant-time.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { MarketplaceAdmin } from './marketplace-admin.js';
import { SandboxState } from '../state/sandbox-state.js';

interface Reply {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

/** Serves an application its marketplaces (protocol §2). */
@Controller()
export class DeveloperPlatformController {
  constructor(
    private readonly state: SandboxState,
    private readonly marketplaces: MarketplaceAdmin,
  ) {}

  // The second path is what a base that already names the collection leads the .NET client to (protocol §2.3).
  @Get(['api/config/v1/marketplaces', 'api/config/v1/marketplaces/marketplaces'])
  configuration(@Exchange() exchange: SandboxExchange, @Res({ passthrough: true }) reply: Reply): unknown {
    const { apiKey, apiSecret } = this.state.environment;
    const { credentials } = exchange;
    const known = credentials?.user === apiKey && constantTimeEqual(credentials.password, apiSecret);
    if (!known) throw new UnauthorizedException({ error: 'Invalid API credentials' });
    const body = { marketplaces: this.marketplaces.documents() };
    const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 32)}"`;
    reply.header('etag', etag);
    reply.header('cache-control', 'no-store');
    if (exchange.headers['if-none-match'] !== etag) return body;
    reply.status(304);
    return undefined;
  }
}
