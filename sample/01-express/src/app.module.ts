import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { MaestranoModule } from 'nestjs-maestrano';

import { AccountsModule } from './accounts/accounts.module.js';
import { GroupAdapter } from './maestrano/group.adapter.js';
import { UserAdapter } from './maestrano/user.adapter.js';
import { DashboardController } from './pages/dashboard.controller.js';
import { HomeController } from './pages/home.controller.js';
import { TimesheetsService } from './timesheets/timesheets.service.js';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, cache: true }),
    AccountsModule,
    MaestranoModule.forRootAsync({
      imports: [AccountsModule],
      userAdapter: UserAdapter,
      groupAdapter: GroupAdapter,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        developerPlatform: {
          host: config.getOrThrow<string>('MNO_DEVPL_HOST'),
          apiPath: config.get<string>('MNO_DEVPL_API_PATH'),
          apiKey: config.getOrThrow<string>('MNO_DEVPL_ENV_KEY'),
          apiSecret: config.getOrThrow<string>('MNO_DEVPL_ENV_SECRET'),
        },
        // Several marketplaces, and nothing in a page's address says which: people choose on the front page.
        session: { secret: config.getOrThrow<string>('SESSION_SECRET'), signInUrl: '/' },
        sso: { homeUrl: '/dashboard' },
      }),
    }),
  ],
  controllers: [HomeController, DashboardController],
  providers: [TimesheetsService],
})
export class AppModule {}
