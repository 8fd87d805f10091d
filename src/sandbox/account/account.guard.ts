import { HttpException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';

import { exchangeOf } from '../http/exchange.js';
import { MarketplaceFinder } from '../platform/marketplace-finder.js';
import { BillingRun } from './billing-run.js';
import { failure } from './envelope.js';

/** Lets through who has the id and a key of a marketplace (protocol §8.1). */
@Injectable()
export class AccountGuard implements CanActivate {
  constructor(
    private readonly marketplaces: MarketplaceFinder,
    private readonly billing: BillingRun,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const exchange = exchangeOf(context.switchToHttp().getRequest());
    const marketplace = this.marketplaces.byCredentials(exchange.credentials);
    if (!marketplace) throw new HttpException(failure({ authentication: ['Invalid API token'] }), 401);
    exchange.marketplace = marketplace.name;
    this.billing.catchUp();
    return true;
  }
}
