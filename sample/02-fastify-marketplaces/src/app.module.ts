import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Redis } from 'ioredis';
import { MaestranoModule } from 'nestjs-maestrano';
import { MaestranoBullmqModule } from 'nestjs-maestrano/bullmq';
import { RedisStore } from 'nestjs-maestrano/redis';

import { InvoicesModule } from './invoices/invoices.module.js';
import { DirectoryModule } from './maestrano/directory.module.js';
import { GroupAdapter } from './maestrano/group.adapter.js';
import { UserAdapter } from './maestrano/user.adapter.js';
import { OperationsModule } from './operations/operations.module.js';
import { BooksService } from './pages/books.service.js';
import { DeskController } from './pages/desk.controller.js';
import { HomeController } from './pages/home.controller.js';
import { SignInController } from './pages/sign-in.controller.js';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    MaestranoModule.forRootAsync({
      imports: [DirectoryModule],
      userAdapter: UserAdapter,
      groupAdapter: GroupAdapter,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        // Everything but the secrets of the session comes from the official MNO_DEVPL_* variables.
        // Two marketplaces, and nothing in a page's address says which: people choose on the front page.
        session: { secret: config.getOrThrow<string>('SESSION_SECRET'), signInUrl: '/' },
        store: new RedisStore(new Redis(config.getOrThrow<string>('REDIS_URL')), { closeConnection: true }),
        sso: { homeUrl: '/desk' },
      }),
    }),
    MaestranoBullmqModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({ connection: config.getOrThrow<string>('REDIS_URL') }),
    }),
    DirectoryModule,
    InvoicesModule,
    OperationsModule,
  ],
  controllers: [HomeController, DeskController, SignInController],
  providers: [BooksService],
})
export class AppModule {}
