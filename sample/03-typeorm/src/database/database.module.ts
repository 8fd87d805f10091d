import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { ENTITIES } from './entities.js';
import { MIGRATIONS } from './migrations.js';

const SOURCE = {
  provide: DataSource,
  useFactory: () =>
    new DataSource({
      type: 'postgres',
      url: process.env['DATABASE_URL'],
      // Larger than `connec.notifications.concurrency`: handlers in a transaction hold a connection each.
      poolSize: 20,
      extra: { connectionTimeoutMillis: 5_000 },
      entities: ENTITIES,
      migrations: MIGRATIONS,
      migrationsRun: true,
    }).initialize(),
};

@Module({ providers: [SOURCE], exports: [DataSource] })
export class DatabaseModule implements OnApplicationShutdown {
  constructor(private readonly source: DataSource) {}

  /** After everything that still writes: Nest closes what was imported last. */
  async onApplicationShutdown(): Promise<void> {
    await this.source.destroy();
  }
}
