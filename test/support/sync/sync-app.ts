import { Module } from '@nestjs/common';

import { MaestranoModule } from '../../../src/index.js';
import type { Sandbox } from '../../../src/sandbox/index.js';
import { MaestranoSyncModule, MemorySyncStore, syncEntity } from '../../../src/sync/index.js';
import { RecordingGroupAdapter, RecordingUserAdapter } from '../../../src/testing/index.js';
import { MemorySource } from './memory-source.js';

export interface CommandContact {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string | null;
}

/** What the application finds around it: shared by the test and the commands, as a database is. */
export const surroundings: {
  sandbox: Sandbox | null;
  store: MemorySyncStore;
  contacts: MemorySource<CommandContact>;
} = {
  sandbox: null,
  ...fresh(),
};

/** Stores of an application that was never started. */
export function fresh(): { store: MemorySyncStore; contacts: MemorySource<CommandContact> } {
  return {
    store: new MemorySyncStore(),
    contacts: new MemorySource<CommandContact>({ firstName: '', lastName: '', email: null }),
  };
}

@Module({
  imports: [
    MaestranoModule.forRootAsync({
      userAdapter: RecordingUserAdapter,
      groupAdapter: RecordingGroupAdapter,
      useFactory: () => ({
        marketplaces: surroundings.sandbox!.options.marketplaces as never,
        session: { secret: 'a-session-secret-of-the-commands-0123456789' },
      }),
    }),
    MaestranoSyncModule.forRootAsync({
      useFactory: () => ({
        store: surroundings.store,
        owner: { provider: 'old-connector', realm: 'acme-account' },
        restMs: 0,
        history: 'values',
        entities: [
          syncEntity('people', surroundings.contacts, {
            fields: { first_name: 'firstName', last_name: 'lastName', 'email.address': 'email' },
            match: ['email.address'],
          }),
        ],
      }),
    }),
  ],
})
export class AppModule {}

/** An application that synchronizes nothing. */
@Module({
  imports: [
    MaestranoModule.forRootAsync({
      userAdapter: RecordingUserAdapter,
      groupAdapter: RecordingGroupAdapter,
      useFactory: () => ({
        marketplaces: surroundings.sandbox!.options.marketplaces as never,
        session: { secret: 'a-session-secret-of-the-commands-0123456789' },
      }),
    }),
  ],
})
export class PlainModule {}
