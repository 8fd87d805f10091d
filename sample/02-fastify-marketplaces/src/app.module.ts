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
        session: { secret: config.getOrThrow<string>('SESSION_SECRET') },
        store: new RedisStore(new Redis(config.getOrThrow<string>('REDIS_URL')), { closeConnection: true }),
        sso: { homeUrl: '/api/invoices' },
      }),
    }),
    MaestranoBullmqModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({ connection: config.getOrThrow<string>('REDIS_URL') }),
    }),
    InvoicesModule,
    OperationsModule,
  ],
  controllers: [SignInController],
})
export class AppModule {}
