import { Post, Redirect } from '@nestjs/common';

import { exactTime } from '../../views/format.js';
import { select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { card, empty, pill, table } from '../../views/parts.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import type { ConnecManner } from '../connec/connec-manner.js';
import { ConnecRecords } from '../connec/connec-records.js';
import { FAULT_PRESETS, type FaultEffect, type FaultPreset } from '../faults/fault.js';
import { FaultInjector } from '../faults/fault-injector.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { SandboxWebhooks } from '../webhooks/sandbox-webhooks.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import { type Back, back } from './back.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { SandboxPages } from './sandbox-pages.js';

/** Ready-made faults with what they do. */
const PRESETS: readonly (readonly [FaultPreset, string])[] = [
  ['flaky', 'Flaky: some calls fail, some are slow'],
  ['down', 'Down: 503 to everything'],
  ['slow', 'Slow: 1 to 3 s'],
  ['quota', 'Quota: every second call 429'],
];

/** Effects that the page offers; code can do more. */
const EFFECTS: Readonly<Record<string, readonly [label: string, effect: FaultEffect]>> = {
  unavailable: ['respond with 503', { status: 503 }],
  quota: ['respond with 429, retry after 2 s', { status: 429, retryAfter: 2 }],
  slow: ['wait 3 s', { latency: '3s' }],
  hang: ['never respond', { hang: true }],
  reset: ['reset the connection', { reset: true }],
  drop: ['do the work, then drop the response', { applyThenDrop: true }],
  late: ['drop the connection, do the work in a minute', { applyLate: '1m' }],
  truncated: ['send half of the response', { truncated: true }],
  garbage: ['respond with half a JSON text', { invalidJson: true }],
  html: ['respond with text/html', { contentType: 'text/html' }],
};

/** What the page has Connec! do; code can do more. */
const MANNERS: Readonly<Record<string, readonly [label: string, manner: ConnecManner]>> = {
  hidden: ['Lists show changes after 60 s', { hideFor: '60s' }],
  second: ['All changes are of one second', { sameSecond: true }],
  normal: ['Texts are trimmed, numbers rounded', { normalise: true }],
  short: ['Texts are cut after 255 characters', { maxLength: 255 }],
  batch: ['A batch has 10 operations at most', { maxBatch: 10 }],
};

/** Pages that a move of the clock may lead back to. */
const RETURNS = ['/faults', '/bills', '/webhooks'];

/** When the page has webhooks sent again that failed; code can do more. */
const RETRIES = ['1m', '5m', '30m'];

/** Makes the marketplace misbehave, and time pass. */
@PageController('faults')
export class FaultsController {
  constructor(
    private readonly clock: SandboxClock,
    private readonly faults: FaultInjector,
    private readonly records: ConnecRecords,
    private readonly sender: WebhookSender,
    private readonly webhooks: SandboxWebhooks,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page('/')
  show(@Exchange() exchange: SandboxExchange): string {
    const inForce = this.faults.list();
    const move = (label: string, by: string): Html => this.token.action('/faults/clock', label, { by });
    return this.pages.render(exchange, {
      title:
        inForce.length === 0
          ? 'The marketplace behaves'
          : `The marketplace misbehaves: ${inForce.length} in force`,
      lead: 'See what your application does when the marketplace is slow, down or wrong, and when months pass.',
      active: '/faults',
      body: html`${card(
          'Clock',
          html`<p class="big">${exactTime(this.clock.now().toISOString())}</p>
            <p>
              ${
                this.clock.isFrozen
                  ? pill('warn', 'Stands still')
                  : this.clock.offsetMs === 0
                    ? pill('good', 'As the machine’s')
                    : pill('warn', 'Moved')
              }
              Billing runs, trials and logins follow it.
            </p>
            <div class="actions">
              ${move('Five minutes later', '5m')} ${move('A day later', '1d')} ${move('A month later', '31d')}
              ${move(this.clock.isFrozen ? 'Let it run' : 'Freeze', 'freeze')}
              ${move("The machine's time", 'reset')}
            </div>`,
        )}
        <div class="two half">
          ${card(
            'One fault',
            this.token.form(
              '/faults/add',
              html`<div class="fields">
                  <label
                    >Route<input name="route" value="POST account/bills" required maxlength="200"
                  /></label>
                  ${select(
                    'Effect',
                    'effect',
                    Object.entries(EFFECTS).map(([key, [label]]) => [key, label] as const),
                  )}
                  <label>Next calls<input name="next" type="number" min="1" max="1000" value="1" /></label>
                </div>
                <p class="actions"><button class="primary">Add</button></p>`,
            ),
            { aside: 'A star ends a route: GET connec/*' },
          )}
          ${card(
            'All at once',
            html`<div class="actions">
              ${PRESETS.map(([name, label]) => this.token.action('/faults/preset', label, { name }))}
            </div>`,
          )}
          ${this.#connec()} ${this.#retries()}
        </div>
        <div class="below">
          ${
            inForce.length === 0
              ? card(
                  'In force',
                  empty(
                    'good',
                    'No fault is in force',
                    'The marketplace responds to every call as it should.',
                  ),
                )
              : card('In force', this.#table(), {
                  flush: true,
                  aside: this.token.action('/faults/remove', 'Clear', { id: '*' }, { mini: true }),
                })
          }
        </div>`,
    });
  }

  @Post('clock')
  @Redirect()
  moveClock(@Form() { by = '', to = '' }: FormFields): Back {
    if (by === 'reset') this.clock.reset();
    else if (by !== 'freeze') this.clock.advance(by);
    else if (this.clock.isFrozen) this.clock.unfreeze();
    else this.clock.freeze();
    return back(RETURNS.find((one) => one === to) ?? '/faults', `It is ${exactTime(this.clock.iso())}.`);
  }

  @Post('preset')
  @Redirect()
  preset(@Form() { name = '' }: FormFields): Back {
    const preset = PRESETS.find(([one]) => one === name)?.[0];
    if (!preset || !(preset in FAULT_PRESETS)) return back('/faults', 'There is no such preset.', 'bad');
    this.faults.preset(preset);
    return back('/faults', `The marketplace is ${name}.`, 'warn');
  }

  @Post('connec')
  @Redirect()
  connec(@Form() { name = '' }: FormFields): Back {
    if (name === 'usual') {
      this.records.manner = {};
      return back('/faults', 'Connec! behaves as usual.');
    }
    const chosen = Object.hasOwn(MANNERS, name) ? MANNERS[name] : undefined;
    if (!chosen) return back('/faults', 'Connec! does nothing of that name.', 'bad');
    this.records.manner = { ...this.records.manner, ...chosen[1] };
    return back('/faults', `Connec!: ${chosen[0]}.`, 'warn');
  }

  @Post('add')
  @Redirect()
  add(@Form() { route = '', effect = '', next = '1' }: FormFields): Back {
    const chosen = Object.hasOwn(EFFECTS, effect) ? EFFECTS[effect] : undefined;
    if (!chosen || !route.trim()) return back('/faults', 'Say where and what.', 'bad');
    this.faults.next(route, chosen[1], Math.max(1, Number(next) || 1));
    return back('/faults', `${route}: ${chosen[0]}.`, 'warn');
  }

  @Post('remove')
  @Redirect()
  remove(@Form() { id = '' }: FormFields): Back {
    if (id === '*') this.faults.clear();
    else this.faults.remove(id);
    return back('/faults', 'Removed.');
  }

  @Post('retries')
  @Redirect()
  retries(@Form() { name = '' }: FormFields): Back {
    const isOn = name === 'on';
    this.webhooks.retryFailures(isOn ? RETRIES : []);
    return back(
      '/faults',
      isOn ? 'Webhooks that fail are sent again, by this clock.' : 'Webhooks that fail are not sent again.',
    );
  }

  #retries(): Html {
    const isOn = this.sender.retries.length > 0;
    return card(
      'Webhooks that fail',
      html`<p>
          ${isOn ? pill('info', 'Sent again') : pill('idle', 'Sent once')} After 1, 5 and 30 minutes of this
          clock, or not at all: what the real platform does is documented nowhere.
        </p>
        <div class="actions">
          ${this.token.action('/faults/retries', isOn ? 'Send once' : 'Send failures again', { name: isOn ? 'off' : 'on' })}
          <a class="button quiet" href="/webhooks">Webhooks</a>
        </div>`,
    );
  }

  #connec(): Html {
    const { manner } = this.records;
    const set = Object.entries(manner).map(([name, value]) => `${name}: ${String(value)}`);
    return card(
      'Connec!',
      html`<p>
          ${set.length === 0 ? pill('good', 'As usual') : set.map((one) => html`${pill('warn', one)} `)}
        </p>
        <div class="actions">
          ${Object.entries(MANNERS).map(([name, [label]]) => this.token.action('/faults/connec', label, { name }))}
          ${set.length === 0 ? '' : this.token.action('/faults/connec', 'As usual', { name: 'usual' })}
        </div>`,
      { aside: 'What makes synchronizing hard' },
    );
  }

  #table(): Html {
    const lines = this.faults
      .list()
      .map((fault) => [
        html`<code>${JSON.stringify(fault.match)}</code>`,
        html`<code>${JSON.stringify(fault.effect)}</code>`,
        String(fault.remaining ?? 'all'),
        String(fault.strikes),
        this.token.action('/faults/remove', 'Remove', { id: fault.id }, { mini: true }),
      ]);
    return table(
      'Faults',
      [
        { name: 'Where', kind: 'lead' },
        { name: 'What' },
        { name: 'Left', kind: 'num' },
        { name: 'Struck', kind: 'num' },
        { name: 'Action', kind: 'act', hide: true },
      ],
      lines,
    );
  }
}
