import {
  Controller,
  Delete,
  Get,
  HttpCode,
  HttpException,
  Inject,
  Param,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';

import { bodyFields, Exchange, type SandboxExchange } from '../http/exchange.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import { AccountDirectory } from './account-directory.js';
import { type AccountList, filterRecords } from './account-filter.js';
import { AccountGuard } from './account.guard.js';
import { AccountPresenter } from './account.presenter.js';
import { SandboxBills, type Outcome } from './bills.service.js';
import { failure, success, type AccountEnvelope } from './envelope.js';
import { SandboxRecurringBills } from './recurring-bills.service.js';

type Wire = Record<string, unknown>;

/** The name of the marketplace whose credentials the guard has checked. */
function marketplaceOf(exchange: SandboxExchange): string {
  if (!exchange.marketplace) throw new UnauthorizedException();
  return exchange.marketplace;
}

/** The Account API (protocol §8). */
@Controller('api/v1')
@UseGuards(AccountGuard)
export class AccountController {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly bills: SandboxBills,
    private readonly recurringBills: SandboxRecurringBills,
    private readonly directory: AccountDirectory,
    private readonly present: AccountPresenter,
  ) {}

  @Get('ping')
  ping(): AccountEnvelope {
    return success({ msg: 'Ping successful! The sandbox is listening.' });
  }

  @Get('account/bills')
  listBills(@Exchange() exchange: SandboxExchange): AccountEnvelope {
    const bills = this.bills.list(marketplaceOf(exchange));
    return this.#list('bills', bills.map(this.present.bill), exchange.query);
  }

  @Get('account/bills/:id')
  showBill(@Exchange() exchange: SandboxExchange, @Param('id') id: string): AccountEnvelope {
    return this.#show(this.bills.find(marketplaceOf(exchange), this.#id(id)), this.present.bill);
  }

  @Post('account/bills')
  @HttpCode(200)
  createBill(@Exchange() exchange: SandboxExchange): AccountEnvelope {
    return this.#outcome(
      this.bills.create(marketplaceOf(exchange), this.#fields(exchange)),
      this.present.bill,
    );
  }

  @Delete('account/bills/:id')
  cancelBill(@Exchange() exchange: SandboxExchange, @Param('id') id: string): AccountEnvelope {
    return this.#outcome(this.bills.cancel(marketplaceOf(exchange), this.#id(id)), this.present.bill);
  }

  @Get('account/recurring_bills')
  listRecurringBills(@Exchange() exchange: SandboxExchange): AccountEnvelope {
    const bills = this.recurringBills.list(marketplaceOf(exchange));
    return this.#list('recurring_bills', bills.map(this.present.recurringBill), exchange.query);
  }

  @Get('account/recurring_bills/:id')
  showRecurringBill(@Exchange() exchange: SandboxExchange, @Param('id') id: string): AccountEnvelope {
    return this.#show(
      this.recurringBills.find(marketplaceOf(exchange), this.#id(id)),
      this.present.recurringBill,
    );
  }

  @Post('account/recurring_bills')
  @HttpCode(200)
  createRecurringBill(@Exchange() exchange: SandboxExchange): AccountEnvelope {
    const outcome = this.recurringBills.create(marketplaceOf(exchange), this.#fields(exchange));
    return this.#outcome(outcome, this.present.recurringBill);
  }

  @Delete('account/recurring_bills/:id')
  cancelRecurringBill(@Exchange() exchange: SandboxExchange, @Param('id') id: string): AccountEnvelope {
    return this.#outcome(
      this.recurringBills.cancel(marketplaceOf(exchange), this.#id(id)),
      this.present.recurringBill,
    );
  }

  @Get('account/groups')
  listGroups(@Exchange() exchange: SandboxExchange): AccountEnvelope {
    const groups = this.directory.groups(marketplaceOf(exchange));
    return this.#list('groups', groups.map(this.present.group), exchange.query);
  }

  @Get('account/groups/:id')
  showGroup(@Exchange() exchange: SandboxExchange, @Param('id') id: string): AccountEnvelope {
    return this.#show(this.directory.group(marketplaceOf(exchange), this.#id(id)), this.present.group);
  }

  @Get('account/users')
  listUsers(@Exchange() exchange: SandboxExchange): AccountEnvelope {
    // A person has no group; the parameter selects by membership.
    const { group_id: groupId = null, ...filters } = Object.fromEntries(exchange.query);
    const users = this.directory.users(marketplaceOf(exchange), groupId);
    return this.#list('users', users.map(this.present.user), new URLSearchParams(filters));
  }

  @Get('account/users/:id')
  showUser(@Exchange() exchange: SandboxExchange, @Param('id') id: string): AccountEnvelope {
    return this.#show(this.directory.user(marketplaceOf(exchange), this.#id(id)), this.present.user);
  }

  /** A rejected password gets status 200, as the platform does (protocol §8.11). */
  @Post('account/users/authenticate')
  @HttpCode(200)
  authenticate(@Exchange() exchange: SandboxExchange): AccountEnvelope {
    const user = this.directory.authenticate(marketplaceOf(exchange), this.#fields(exchange));
    return user
      ? success(this.present.user(user))
      : failure({ password: ['invalid password or non existing user'] });
  }

  @Get('account/resellers')
  listResellers(@Exchange() exchange: SandboxExchange): AccountEnvelope {
    const resellers = this.directory.resellers(marketplaceOf(exchange)).map(this.present.reseller);
    // The old sandbox does not filter them.
    return success(this.#is2016 ? resellers : filterRecords(resellers, exchange.query, null));
  }

  @Get('account/resellers/:id')
  showReseller(@Exchange() exchange: SandboxExchange, @Param('id') id: string): AccountEnvelope {
    return this.#show(this.directory.reseller(marketplaceOf(exchange), this.#id(id)), this.present.reseller);
  }

  @Get('account/resellers/:id/groups')
  listResellerGroups(@Exchange() exchange: SandboxExchange, @Param('id') id: string): AccountEnvelope {
    const groups = this.directory.groups(marketplaceOf(exchange)).filter((group) => group.resellerId === id);
    return this.#list('groups', groups.map(this.present.group), exchange.query);
  }

  #fields(exchange: SandboxExchange): Wire {
    const fields = bodyFields(exchange);
    if (fields) return fields;
    throw new HttpException(failure({ body: ['is neither JSON nor form-encoded'] }), 400);
  }

  get #is2016(): boolean {
    return this.options.behaviour === 'like-2016';
  }

  #list(list: AccountList, records: readonly Wire[], query: URLSearchParams): AccountEnvelope {
    return success(filterRecords(records, query, this.#is2016 ? list : null));
  }

  /** The old sandbox takes what follows a point for a format: `bill-1.json` is bill-1. */
  #id(id: string): string {
    return this.#is2016 ? id.replace(/\.json$/, '') : id;
  }

  /** What is missing gets status 200 as observed, or 404 as documented (protocol §8.4). */
  #show<T>(record: T | undefined, present: (record: T) => Wire): AccountEnvelope {
    if (record) return success(present(record));
    const body = failure({ id: ['does not exist'] });
    if (this.options.behaviour === 'strict') throw new HttpException(body, 404);
    return body;
  }

  #outcome<T>(outcome: Outcome<T>, present: (record: T) => Wire): AccountEnvelope {
    if ('record' in outcome) return success(present(outcome.record));
    throw new HttpException(failure(outcome.errors), 400);
  }
}
