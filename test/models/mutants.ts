import type { Edit } from './compiled-models.js';
import type { ModelName } from './scenario.js';

/** A change of the sources that breaks a promise, and the scenario that has to notice. */
export interface Mutant {
  readonly what: string;
  readonly model: ModelName;
  readonly scenario: string;
  readonly source: string;
  readonly edits: readonly Edit[];
  /** Whether the suite tries it as well, since it is noticed within a second. */
  readonly quick?: boolean;
}

const CREATION = 'src/account/ledger/charge-creation.ts';
const LEDGER = 'src/account/ledger/charge-ledger.service.ts';
const TRANSACTIONS = 'src/sso/login/login-transaction.service.ts';
const DELIVERY_LEDGER = 'src/connec/notifications/delivery-ledger.ts';
const RECORD_STATE = 'src/connec/notifications/record-state.ts';
const LOADER = 'src/marketplace/marketplace-loader.ts';
const REGISTRY = 'src/marketplace/marketplace-registry.ts';
const ASSEMBLY = 'src/marketplace/loader/marketplace-assembly.ts';
const RUNNER = 'src/marketplace/loader/source-runner.ts';
const USAGE_STORE = 'src/usage/store/memory-usage-store.ts';
const CLOSER = 'src/usage/engine/usage-closer.ts';
const SENDER = 'src/usage/engine/statement-sender.ts';

const COUNTED: Edit = [
  'if (claim && series.unclaimed(claim.ranges).length !== claim.rows) return false;',
  '',
];

/** By the promises of docs/guarantees.md; those of synchronization and of whole histories of usage are in test/property. */
export const MUTANTS: Readonly<Record<string, readonly Mutant[]>> = {
  'One bill a key': [
    {
      what: 'what is written expects nothing of what was read',
      model: 'create-once',
      scenario: 'a key twice, a lock that ends early',
      source: LEDGER,
      edits: [['{ key, expected, value: stored, ttlMs: life }', '{ key, value: stored, ttlMs: life }']],
    },
    {
      what: 'it is sent again before everything has arrived',
      model: 'create-once',
      scenario: 'a key twice, a fault',
      source: CREATION,
      edits: [['if (settled && found.length === 0 &&', 'if (found.length === 0 &&']],
      quick: true,
    },
    {
      what: 'what is about to be sent is written after it was sent',
      model: 'create-once',
      scenario: 'one call, a fault, a death',
      source: CREATION,
      edits: [
        ['const sending = await this.#write(charges, { ...charges, settledAt });', 'let sending = charges;'],
        [
          "      this.#sent = 'yes';\n",
          "      this.#sent = 'yes';\n      sending = await this.#write(charges, { ...charges, settledAt });\n",
        ],
      ],
    },
    {
      what: 'charges that were there before are not looked up',
      model: 'create-once',
      scenario: 'two keys, two faults, a death',
      source: CREATION,
      edits: [
        [
          'return charges.known ? charges : { ...charges, known: (await this.#list()).map(({ id }) => id) };',
          'return charges.known ? charges : { ...charges, known: [] };',
        ],
      ],
    },
    {
      what: 'what an earlier attempt read is still believed',
      model: 'create-once',
      scenario: 'five calls of three keys',
      source: CREATION,
      edits: [
        [
          "if (!this.#hasSent) this.#sent = isUnsent ? 'no' : 'maybe';",
          "if (this.#sent === 'no' && !isUnsent) this.#sent = 'maybe';",
        ],
        ['|| (isUnsent && this.#hasSent && !this.#made)', ''],
      ],
    },
    {
      what: 'a record stays behind whose place somebody else took away',
      model: 'create-once',
      scenario: 'a key twice, held up for longer than its lock',
      source: CREATION,
      edits: [
        [
          'await this.ledger.forgetKey(scope, key, this.#key);\n',
          'if (!isConflict) await this.ledger.forgetKey(scope, key, this.#key);\n',
        ],
      ],
    },
  ],
  'A response logs in once': [
    {
      what: 'whether the login was still there is not asked when it is taken',
      model: 'login',
      scenario: 'two responses to one login',
      source: TRANSACTIONS,
      edits: [
        [
          'return (await this.store.delete(kept.key, kept.text)) ? kept.transaction : null;',
          'await this.store.delete(kept.key, kept.text);\n    return kept.transaction;',
        ],
      ],
      quick: true,
    },
    {
      what: 'a response is looked up and then remembered, instead of at once',
      model: 'login',
      scenario: 'one response to two logins',
      source: TRANSACTIONS,
      edits: [
        [
          "return this.store.setIfAbsent(key, '1', Math.max(1_000, until - Date.now()));",
          `const ttlMs = Math.max(1_000, until - Date.now());
    return this.store.get(key).then(async (found) => {
      await this.store.set(key, '1', ttlMs);
      return found === null;
    });`,
        ],
      ],
    },
    {
      what: 'that a login was used is noted after it is gone, instead of before',
      model: 'login',
      scenario: 'two copies of a response',
      source: TRANSACTIONS,
      edits: [
        ["    await this.store.set(usedKey(name, id), '1', this.#ttlMs(name));\n", ''],
        [
          'return (await this.store.delete(kept.key, kept.text)) ? kept.transaction : null;',
          `const isOurs = await this.store.delete(kept.key, kept.text);
    await this.store.set(usedKey(name, id), '1', this.#ttlMs(name));
    return isOurs ? kept.transaction : null;`,
        ],
      ],
    },
    {
      what: 'the login is looked at instead of taken',
      model: 'login',
      scenario: 'two responses to one login',
      source: 'src/sso/login/login.service.ts',
      edits: [
        [
          'await this.transactions.take(marketplace, transaction.id)',
          'await this.transactions.peek(marketplace, transaction.id)',
        ],
      ],
    },
  ],
  'A version is handled once, and never after a newer one': [
    {
      what: 'a claim expects nothing of what was read',
      model: 'deliveries',
      scenario: 'one version twice',
      source: DELIVERY_LEDGER,
      edits: [
        [
          'this.#writeOf(claim, claim.found, claim.stored)',
          '({ ...this.#writeOf(claim, null, claim.stored), expected: undefined })',
        ],
      ],
      quick: true,
    },
    {
      what: 'an older version is handled as well',
      model: 'deliveries',
      scenario: 'two versions',
      source: RECORD_STATE,
      edits: [["if (isOlder(at, newest)) return 'stale';", '']],
    },
    {
      what: 'a lease keeps nobody away',
      model: 'deliveries',
      scenario: 'two versions',
      source: RECORD_STATE,
      edits: [["if (unrenewed < leaseMs) return 'busy';", '']],
    },
    {
      what: 'a lease is not renewed',
      model: 'deliveries',
      scenario: 'a handler longer than its lease',
      source: DELIVERY_LEDGER,
      edits: [['}, this.options.leaseMs / 3)', '}, this.options.leaseMs * 3)']],
    },
    {
      what: 'an older version does not wait for what a dead process had begun',
      model: 'deliveries',
      scenario: 'two versions, a death',
      source: RECORD_STATE,
      edits: [
        [
          "return isOlder(at, lease.at) && unrenewed < leaseMs * LEASES_TO_GIVE_UP ? 'busy' : 'handle';",
          "return 'handle';",
        ],
      ],
    },
  ],
  'Customers stay apart': [
    {
      what: 'records are remembered without their marketplace',
      model: 'isolation',
      scenario: 'three companies, two marketplaces',
      source: 'src/connec/notifications/connec-delivery.ts',
      edits: [
        ["companyKeysBelow('delivery', source.marketplace.name,", "companyKeysBelow('delivery', 'one',"],
      ],
      quick: true,
    },
    {
      what: 'logins that were used are remembered without their marketplace',
      model: 'isolation',
      scenario: 'the same, long histories',
      source: TRANSACTIONS,
      edits: [["return storeKey('sso-used', marketplace, id);", "return storeKey('sso-used', id);"]],
    },
    {
      what: 'keys of charges are remembered without their marketplace',
      model: 'isolation',
      scenario: 'three companies, two marketplaces',
      source: LEDGER,
      edits: [
        [
          "return storeKey('ledger-key', scope.resource, scope.marketplace, key);",
          "return storeKey('ledger-key', scope.resource, key);",
        ],
      ],
    },
    {
      what: 'credentials are not compared with those of the route',
      model: 'isolation',
      scenario: 'three companies, two marketplaces',
      source: 'src/security/basic-authenticator.service.ts',
      edits: [['if (this.registry.hasCredentials(candidate, user, password)) proved', 'proved']],
    },
    {
      what: 'a person who is removed from a company loses the sessions of all companies',
      model: 'isolation',
      scenario: 'three companies, two marketplaces',
      source: 'src/session/session-revocations.service.ts',
      edits: [
        [
          'return this.#close(companyKey(NAMESPACE, marketplace, groupUid, unmaskUser(userUid)));',
          "return this.#close(companyKey(NAMESPACE, 'all', 'all', unmaskUser(userUid)));",
        ],
        [
          '        companyKey(NAMESPACE, marketplace, groupUid, unmaskUser(userUid)),\n',
          "        companyKey(NAMESPACE, 'all', 'all', unmaskUser(userUid)),\n",
        ],
      ],
    },
  ],
  'The last good configuration stays in force': [
    {
      what: 'an entry with errors replaces one that works',
      model: 'configuration',
      scenario: 'responses, failures, rotations, time',
      source: RUNNER,
      edits: [['return present && broken ? { ...entry, marketplace: present } : entry;', 'return entry;']],
      quick: true,
    },
    {
      what: 'a marketplace goes at once when it is not named',
      model: 'configuration',
      scenario: 'responses, failures, rotations, time',
      source: RUNNER,
      edits: [['if (now - since < this.options.graceMs) continue;', '']],
    },
    {
      what: 'an empty list is believed',
      model: 'configuration',
      scenario: 'responses, failures, rotations, time',
      source: RUNNER,
      edits: [['if (raw.length === 0 && this.#entries.size > 0) {', 'if (false) {']],
    },
    {
      what: 'keys that were replaced are over at once',
      model: 'configuration',
      scenario: 'responses, failures, rotations, time',
      source: ASSEMBLY,
      edits: [['const valid = this.#validPast(marketplace, now);', 'const valid = NOTHING;']],
    },
    {
      what: 'keys that were replaced are valid for ever',
      model: 'configuration',
      scenario: 'responses, failures, rotations, time',
      source: ASSEMBLY,
      edits: [['until > now && !isPresent(value)', '!isPresent(value)']],
    },
    {
      what: 'who owns which key comes into force one step later',
      model: 'configuration',
      scenario: 'responses, failures, rotations, time',
      source: REGISTRY,
      edits: [['owners: this.#index(current) });', 'owners: this.#index(before.marketplaces) });']],
    },
    {
      what: 'a refresh shares the round that is under way',
      model: 'configuration',
      scenario: 'rotations while others refresh',
      source: LOADER,
      edits: [['    return this.#next;\n', '    return this.#running;\n']],
    },
    {
      what: 'two rounds run at the same time',
      model: 'configuration',
      scenario: 'two rotations, two others',
      source: LOADER,
      edits: [['if (!this.#running) return this.#run();', 'return this.#run();']],
    },
  ],
  'Every use is charged once': [
    {
      what: 'the version is not compared',
      model: 'usage-close',
      scenario: 'two closes at once',
      source: USAGE_STORE,
      edits: [
        ['if (series.row.version !== version) return false;', ''],
        COUNTED,
        [
          'if (statement && series.statements.has(statementKey(statement.chain, statement.seq))) return false;',
          '',
        ],
      ],
    },
    {
      what: 'facts are claimed that were not counted',
      model: 'usage-close',
      scenario: 'one close, a late fact',
      source: USAGE_STORE,
      edits: [COUNTED],
      quick: true,
    },
    {
      what: 'a statement is marked as billed before its bill is made',
      model: 'usage-close',
      scenario: 'one close, a lost answer, a death',
      source: SENDER,
      edits: [
        [
          '    const bills = [...statement.progress.bills];\n',
          "    await this.#mark(statement, 'billed', statement.progress);\n    const bills = [...statement.progress.bills];\n",
        ],
      ],
    },
    {
      what: 'a new key at each try',
      model: 'usage-close',
      scenario: 'one close, a lost answer, a death',
      source: SENDER,
      edits: [
        [
          'billing.createOnce(marketplace, key,',
          'billing.createOnce(marketplace, key + now() + Math.random(),',
        ],
      ],
    },
    {
      what: 'the carry is written after the statement instead of with it',
      model: 'usage-close',
      scenario: 'one close, a lost answer, a death',
      source: CLOSER,
      edits: [
        [
          'return await store.sealEach(steps);',
          `const done: boolean[] = [];
      for (const [index, step] of steps.entries()) {
        const { chains: own } = written[index]!.present.series.state;
        const before = (chain: { id: string }) => own.find(({ id }) => id === chain.id)?.carry ?? '0';
        const chains = step.state.chains.map((chain) => ({ ...chain, carry: before(chain) }));
        done.push(await store.seal([{ ...step, state: { ...step.state, chains } }]));
        const { claim: _, statement, opened: __, ...rest } = step;
        if (statement) await store.seal([{ ...rest, version: step.version + 1, stated: [] }]);
      }
      return done;`,
        ],
      ],
    },
  ],
};
