import { Module } from '@nestjs/common';
import { MaestranoModule } from 'nestjs-maestrano';
import { SqlStore } from 'nestjs-maestrano/sql';

import { AccountsService } from './accounts/accounts.service.js';
import { Database } from './database/database.js';
import { BillingService } from './desks/billing.service.js';
import { DesksService } from './desks/desks.service.js';
import { GroupAdapter } from './maestrano/group.adapter.js';
import { UserAdapter } from './maestrano/user.adapter.js';
import { HomeController } from './pages/home.controller.js';
import { OfficeController } from './pages/office.controller.js';
import { SignedInService } from './pages/signed-in.js';

/** One variable decides: `postgres://…`, or the path of an SQLite file. */
const DATABASE = {
  provide: Database,
  useFactory: () => Database.open(process.env['DATABASE_URL'] ?? 'desks.sqlite'),
};

@Module({ providers: [DATABASE, AccountsService], exports: [Database, AccountsService] })
export class AccountsModule {}

@Module({
  imports: [
    AccountsModule,
    MaestranoModule.forRootAsync({
      imports: [AccountsModule],
      userAdapter: UserAdapter,
      groupAdapter: GroupAdapter,
      inject: [Database],
      useFactory: (database: Database) => ({
        // Everything else comes from the official MNO_DEVPL_* variables.
        store: new SqlStore(database.executor),
        session: { secret: process.env['SESSION_SECRET'] ?? '', signInUrl: '/' },
        sso: { homeUrl: '/desks' },
      }),
    }),
  ],
  controllers: [HomeController, OfficeController],
  providers: [DesksService, BillingService, SignedInService],
})
export class AppModule {}
