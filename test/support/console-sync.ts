import type { ConnecRecordOf } from '../../src/index.js';
import {
  MaestranoSyncModule,
  MemorySyncStore,
  SyncRejected,
  type SyncStore,
  syncEntity,
} from '../../src/sync/index.js';
import type { TestApplicationOptions } from './application.js';
import { MemorySource } from './sync/memory-source.js';

/** A contact of the application. */
export interface Contact {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string | null;
  readonly phone: string | null;
}

/** Connec! has more of people than the package knows. */
interface PersonWithPhone extends ConnecRecordOf<'people'> {
  readonly phone?: { readonly mobile?: string | null } | null;
}

/** An application that synchronizes its contacts: phone numbers are asked about, addresses tell who is who. */
export function syncedContacts(
  store: SyncStore = new MemorySyncStore(),
  firstRun: 'plan' | 'apply' = 'apply',
) {
  const contacts = new MemorySource<Contact>({ firstName: '', lastName: '', email: null, phone: null });
  contacts.before = (_what, data) => {
    if (data.firstName === 'Unwanted') throw new SyncRejected('no such name', 'firstName');
  };
  const module: NonNullable<TestApplicationOptions['imports']>[number] = MaestranoSyncModule.forRoot({
    store,
    owner: { provider: 'test-app', realm: 'main' },
    firstRun,
    restMs: 0,
    history: 'values',
    entities: [
      syncEntity<Contact, 'people', PersonWithPhone>('people', contacts, {
        fields: {
          first_name: 'firstName',
          last_name: 'lastName',
          'email.address': 'email',
          'phone.mobile': { app: 'phone', conflict: 'ask' },
        },
        match: ['email.address'],
      }),
    ],
  });
  return { contacts, module };
}
