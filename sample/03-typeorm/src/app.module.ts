import { Module } from '@nestjs/common';
import { MaestranoModule } from 'nestjs-maestrano';
import { MaestranoPgQueueModule } from 'nestjs-maestrano/pg-queue';
import { SqlStore, typeormExecutor } from 'nestjs-maestrano/sql';
import { MaestranoUsageModule, SqlUsageStore } from 'nestjs-maestrano/usage';
import PgBoss from 'pg-boss';
import { DataSource } from 'typeorm';

import { AccountsService } from './accounts/accounts.service.js';
import { DatabaseModule } from './database/database.module.js';
import { BillingService } from './hours/billing.service.js';
import { HoursService } from './hours/hours.service.js';
import { TextMessagesService } from './hours/text-messages.service.js';
import { CustomersListener } from './maestrano/customers.listener.js';
import { GroupAdapter } from './maestrano/group.adapter.js';
import { SessionAdapter } from './maestrano/session.adapter.js';
import { UserAdapter } from './maestrano/user.adapter.js';
import { HomeController } from './pages/home.controller.js';
import { PeopleHere } from './pages/people-here.js';
import { TextMessagesController } from './pages/text-messages.controller.js';
import { WorkController } from './pages/work.controller.js';

@Module({ imports: [DatabaseModule], providers: [AccountsService], exports: [AccountsService] })
export class AccountsModule {}

@Module({
  imports: [
    AccountsModule,
    DatabaseModule,
    MaestranoModule.forRootAsync({
      imports: [AccountsModule, DatabaseModule],
      userAdapter: UserAdapter,
      groupAdapter: GroupAdapter,
      sessionAdapter: SessionAdapter,
      inject: [DataSource],
      useFactory: (source: DataSource) => ({
        // Everything else comes from the official MNO_DEVPL_* variables.
        store: new SqlStore(typeormExecutor(source, 'postgres')),
        session: { secret: process.env['SESSION_SECRET'] ?? '', signInUrl: '/' },
        sso: { homeUrl: '/hours' },
      }),
    }),
    MaestranoPgQueueModule.forRootAsync({
      imports: [DatabaseModule],
      inject: [DataSource],
      useFactory: (source: DataSource) => ({ engine: PgBoss, executor: typeormExecutor(source, 'postgres') }),
    }),
    MaestranoUsageModule.forRootAsync({
      imports: [DatabaseModule],
      inject: [DataSource],
      useFactory: (source: DataSource) => ({
        // The same tables and the same pool: a message and its usage are one transaction.
        store: new SqlUsageStore(typeormExecutor(source, 'postgres')),
        meters: {
          sms: {
            aggregate: 'sum',
            label: 'SMS',
            unitLabel: 'message',
            thirdParty: true,
            prices: {
              AUD: [{ model: 'unit', unit: '0.075' }],
              EUR: [{ model: 'unit', unit: '0.045' }],
            },
          },
        },
      }),
    }),
  ],
  controllers: [HomeController, WorkController, TextMessagesController],
  providers: [PeopleHere, HoursService, BillingService, TextMessagesService, CustomersListener],
})
export class AppModule {}
