import { randomUUID } from 'node:crypto';

import { MaestranoConsoleError } from '../../errors/console.error.js';
import type { UsageOverTime } from '../../usage/engine/usage-over-time.js';
import type { UsageStatement } from '../../usage/statement/usage-statement.js';
import type { MaestranoUsage } from '../../usage/usage.service.js';
import type { UsageChainRef } from '../../usage/usage-references.js';
import { settledWithin } from '../../utils/settled-within.js';
import { count } from '../../views/format.js';
import type {
  ConsoleAction,
  ConsoleAttention,
  ConsoleFields,
  ConsoleOutcome,
  ConsolePage,
  ConsoleSection,
} from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { inTime } from '../in-time.js';
import { correctionPage } from './usage-correction-look.js';
import { companyPage, listPage, reasonOf } from './usage-look.js';
import {
  amountOf,
  chainOf,
  DECISIONS,
  decisionsOf,
  queryOf,
  referenceOf,
  statementOf,
  type UsageDecision,
} from './usage-reference.js';
import { decisionPage, statementPage } from './usage-statement-look.js';

/** Statements that wait and are looked at; those of one company that are listed, and uses of one statement. */
const [WAITING, STATEMENTS, USES] = [200, 50, 20];
/** How long the next statement may take to compute, and how long a decision may take to be carried out; milliseconds. */
const [PREVIEW_MS, DECIDE_MS] = [3_000, 10_000];
/** How long usage by day may take to read, in milliseconds. */
const DAYS_MS = 150;

const DONE: Readonly<Record<UsageDecision, string>> = {
  approve: 'Let a statement go out',
  retry: 'Sent a statement again',
  writeOff: 'Wrote a statement off',
  reopen: 'Took a bill back',
};

/** What companies used and what they are billed for it: statements, those that wait, corrections. */
export class UsageSection implements ConsoleSection {
  readonly path = 'usage';
  readonly name = 'Usage';
  readonly group = 'Money';
  readonly actions: Readonly<Record<string, ConsoleAction>> = {
    decide: {
      role: 'money',
      describe: (fields) => {
        const { marketplace, group, meter, seq } = statementOf(fields);
        return {
          what: DONE[decisionOf(fields)],
          on: `statement ${seq} of ${group}, ${meter}, on ${marketplace}`,
        };
      },
      run: (fields) => this.#decide(fields),
    },
    correct: {
      role: 'money',
      describe: (fields) => {
        const { marketplace, group, meter } = chainOf(fields);
        return {
          what: quantityOf(fields) === null ? 'Took a use away' : `Corrected a use to ${quantityOf(fields)}`,
          on: `${fields.get('fact') ?? ''} of ${group}, ${meter}, on ${marketplace}`,
        };
      },
      run: (fields) => this.#correct(fields),
    },
  };

  constructor(
    private readonly usage: MaestranoUsage,
    private readonly marketplaces: () => readonly string[],
  ) {}

  async attention(): Promise<readonly ConsoleAttention[]> {
    const all = await this.usage.waiting({ limit: WAITING });
    // A company without a card is waited for by itself.
    const waiting = all.filter(({ held }) => held !== 'card');
    const [first] = waiting;
    if (!first) return [];
    if (waiting.length > 1) {
      return [
        {
          waiting: 'money',
          tone: waiting.some(({ status }) => status !== 'held') ? 'bad' : 'warn',
          word: 'Usage not billed',
          title: `${count(waiting.length, 'usage statement')}${waiting.length < WAITING ? '' : ' or more'} are not billed`,
          why: `The oldest is for ${first.company.name ?? first.company.group}: ${reasonOf(first)}`,
          act: 'Look at them',
        },
      ];
    }
    return [
      {
        waiting: 'money',
        tone: first.status === 'held' ? 'warn' : 'bad',
        word: first.status === 'held' ? 'Statement held' : 'Usage not billed',
        title: `${amountOf(first.billed, first.currency)} of usage of ${first.company.name ?? first.company.group} is not billed`,
        why: reasonOf(first),
        act: 'Decide about it',
        page: 'statement',
        query: queryOf(referenceOf(first)),
      },
    ];
  }

  async page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    const fields = new Map(view.query);
    switch (name) {
      case '':
        return this.#list(view);
      case 'company':
        return this.#company(view, chainOf(fields));
      case 'statement':
        return this.#statement(view, fields);
      case 'confirm':
        return this.#confirm(view, fields);
      case 'correct':
        return this.#correction(view, fields);
      default:
        return null;
    }
  }

  async #list(view: ConsoleView): Promise<ConsolePage> {
    const filter = {
      marketplace: view.param('marketplace'),
      group: view.param('group').trim(),
      meter: view.param('meter').trim(),
    };
    const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''));
    const after = /^\d{1,15}$/.test(view.param('after')) ? view.param('after') : null;
    const [waiting, page] = await Promise.all([
      this.usage.waiting({ limit: WAITING }),
      this.usage.balancePage(given, { after }),
    ]);
    return listPage(view, waiting, page, filter, this.marketplaces());
  }

  async #company(view: ConsoleView, ref: UsageChainRef): Promise<ConsolePage> {
    const { marketplace, group, meter } = ref;
    const subject = { marketplace, group, meter };
    const statements: UsageStatement[] = [];
    for await (const one of this.usage.statements(subject)) {
      if (statements.push(one) >= STATEMENTS) break;
    }
    const [balances, preview, verification] = await Promise.all([
      this.usage.balances(subject),
      this.#preview(subject),
      view.param('check') === 'yes' ? this.usage.verify(ref) : null,
    ]);
    if (balances.length === 0 && statements.length === 0 && typeof preview === 'string') {
      throw new MaestranoConsoleError('console.unknown', { message: preview });
    }
    return companyPage(view, { ref: subject, balances, statements, preview, verification });
  }

  /** The next statement; in words why there is none. The marketplace is asked about the company, and may be away. */
  #preview(subject: UsageChainRef): Promise<UsageStatement | string> {
    return inTime(PREVIEW_MS, this.usage.preview(subject), {
      late: 'It could not be computed within three seconds.',
      failed: 'It could not be computed',
    });
  }

  async #statement(view: ConsoleView, fields: ConsoleFields): Promise<ConsolePage> {
    const ref = statementOf(fields);
    const [statement, uses] = await Promise.all([this.usage.statement(ref), this.usage.someUses(ref, USES)]);
    return statementPage(view, statement, uses, await this.#days(ref, statement));
  }

  /** Usage by day of the period that a statement states; in words where it is not there. */
  async #days(
    ref: UsageChainRef,
    { period, regular }: UsageStatement,
  ): Promise<readonly UsageOverTime[] | string> {
    if (period === null || !regular) return [];
    const [from, to] = [new Date(period.from), new Date(period.to)];
    return inTime(DAYS_MS, this.usage.usage(ref, from, to, 'day'), {
      late: 'Its usage by day could not be read in time: there is very much of it.',
      failed: 'Its usage by day could not be read',
    });
  }

  async #confirm(view: ConsoleView, fields: ConsoleFields): Promise<ConsolePage> {
    const statement = await this.usage.statement(statementOf(fields));
    const decision = decisionOf(fields);
    checkDecision(statement, decision);
    return decisionPage(view, statement, decision);
  }

  async #decide(fields: ConsoleFields): Promise<ConsoleOutcome> {
    const ref = statementOf(fields);
    const decision = decisionOf(fields);
    const before = await this.usage.statement(ref);
    if (before.status !== fields.get('status')) throw changed(before);
    checkDecision(before, decision);
    const reason = (fields.get('reason') ?? '').trim();
    if (decision === 'writeOff' && reason === '') {
      throw new MaestranoConsoleError('console.input', { message: 'Say why it is written off.' });
    }
    const working = this.#carryOut(decision, ref, reason);
    const isDone = await settledWithin(DECIDE_MS, working);
    const after = await this.usage.statement(ref);
    const amount = amountOf(after.billed, after.currency);
    const bill = after.bills.flatMap(({ id }) => id ?? [])[0];
    const outcome: Readonly<Partial<Record<UsageStatement['status'], string>>> = {
      billed: `Billed: ${amount} as ${bill ?? 'a bill'}.`,
      writtenOff: `Written off: ${amount} are never charged.`,
      cancelled: `Taken back: ${amount} are in the opening of the next statement.`,
      refused: `The marketplace refused it again: ${reasonOf(after)}`,
    };
    return {
      text:
        outcome[after.status] ??
        `It is on its way${isDone ? '' : ', the marketplace takes its time'}: the next run goes on with it.`,
      tone: after.status === 'refused' ? 'bad' : 'good',
      page: 'statement',
      query: queryOf(referenceOf(after)),
    };
  }

  #carryOut(
    decision: UsageDecision,
    ref: ReturnType<typeof statementOf>,
    reason: string,
  ): Promise<UsageStatement> {
    if (decision === 'writeOff') return this.usage.writeOff(ref, reason);
    return this.usage[decision](ref);
  }

  async #correction(view: ConsoleView, fields: ConsoleFields): Promise<ConsolePage> {
    const ref = chainOf(fields);
    const typed = (fields.get('fact') ?? '').trim();
    const known = typed === '' ? null : await this.usage.fact(ref, typed);
    return correctionPage(view, {
      ref,
      known,
      typed,
      quantity: quantityOf(fields),
      id: `console-${randomUUID()}`,
    });
  }

  async #correct(fields: ConsoleFields): Promise<ConsoleOutcome> {
    const { marketplace, group, meter } = chainOf(fields);
    const quantity = quantityOf(fields);
    const [corrects = '', id = ''] = [fields.get('fact'), fields.get('id')];
    if (quantity === '' || !/^console-[0-9a-f-]{36}$/.test(id)) {
      throw new MaestranoConsoleError('console.input', { message: 'The quantity that is right is missing.' });
    }
    const known = await this.usage.fact({ marketplace, group, meter }, corrects);
    const present = known ? (known.present ?? 'away') : '';
    const isRepeated = known !== null && present === (quantity ?? 'away');
    if (!known || (present !== fields.get('seen') && !isRepeated)) {
      throw new MaestranoConsoleError('console.changed', {
        message:
          'The use was corrected by somebody else meanwhile, or is not kept any more. Nothing was corrected.',
      });
    }
    await this.usage.correct({ marketplace, group, meter, id, corrects, quantity });
    const what = quantity === null ? 'does not count any more' : `counts as ${quantity}`;
    const when = known.statement === null ? 'from now on' : 'and the difference is in the next statement';
    return {
      text: `Corrected: ${corrects} ${what}, ${when}.`,
      page: 'company',
      query: queryOf({ marketplace, group, meter }),
    };
  }
}

/** @throws MaestranoConsoleError `console.input` */
function decisionOf(fields: ConsoleFields): UsageDecision {
  const decision = DECISIONS.find((one) => one === fields.get('decision'));
  if (decision) return decision;
  throw new MaestranoConsoleError('console.input', {
    message: 'It is not said what to do with the statement.',
  });
}

/** The quantity of a form: null takes the use away, empty is none. */
function quantityOf(fields: ConsoleFields): string | null {
  return fields.get('take') === 'away' ? null : (fields.get('quantity') ?? '').trim();
}

/** @throws MaestranoConsoleError `console.changed` */
function checkDecision(statement: UsageStatement, decision: UsageDecision): void {
  if (!decisionsOf(statement).includes(decision)) throw changed(statement);
}

function changed({ status, seq }: UsageStatement): MaestranoConsoleError {
  return new MaestranoConsoleError('console.changed', {
    message: `Statement ${seq} is ${status} by now. Nothing was done.`,
  });
}
