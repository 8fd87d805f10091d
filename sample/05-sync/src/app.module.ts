import { type DynamicModule, Module } from '@nestjs/common';
import { MaestranoModule, type MarketplacesInput } from 'nestjs-maestrano';
import type { SqlExecutor } from 'nestjs-maestrano/sql';
import { MaestranoSyncModule, SqlSyncStore } from 'nestjs-maestrano/sync';

import { companies, contacts, invoices } from './entities.js';

/** An application that does nothing but synchronize. */
@Module({})
export class AppModule {
  static with(executor: SqlExecutor, marketplaces: MarketplacesInput): DynamicModule {
    return {
      module: AppModule,
      imports: [
        MaestranoModule.forRoot({
          marketplaces,
          session: { secret: 'a secret for the sample, thirty-two characters' },
        }),
        MaestranoSyncModule.forRoot({
          // Links are kept beside the records, in the same database.
          store: new SqlSyncStore(executor),
          owner: { provider: 'sample-sync', realm: 'main' },
          entities: [companies, contacts, invoices],
        }),
      ],
    };
  }
}
