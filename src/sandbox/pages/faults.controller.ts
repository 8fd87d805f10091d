import { Controller, Post, Query, Redirect, UseGuards } from '@nestjs/common';

import { SandboxClock } from '../clock/sandbox-clock.js';
import { FAULT_PRESETS, type FaultEffect, type FaultPreset } from '../faults/fault.js';
import { FaultInjector } from '../faults/fault-injector.js';
import { html } from '../../views/html.js';
import { action, options } from '../../views/form.js';
import { table } from '../../views/table.js';
import { sandboxPage } from './sandbox-page.js';
import { type Back, back } from './back.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page } from './page.decorator.js';
import { SameOriginGuard } from './same-origin.guard.js';

const PRESETS = Object.keys(FAULT_PRESETS) as FaultPreset[];

/** Effects that the page offers; code can do more. */
const EFFECTS: Readonly<Record<string, readonly [label: string, effect: FaultEffect]>> = {
  unavailable: ['respond with 503', { status: 503 }],
  quota: ['respond with 429, retry after 2 s', { status: 429, retryAfter: 2 }],
  slow: ['wait 3 s', { latency: '3s' }],
  hang: ['never respond', { hang: true }],
  reset: ['reset the connection', { reset: true }],
  drop: ['do the work, then drop the response', { applyThenDrop: true }],
  truncated: ['send half of the response', { truncated: true }],
  garbage: ['respond with half a JSON text', { invalidJson: true }],
  html: ['respond with text/html', { contentType: 'text/html' }],
};

/** Makes the marketplace misbehave, and time pass. */
@Controller('faults')
@UseGuards(SameOriginGuard)
export class FaultsController {
  constructor(
    private readonly clock: SandboxClock,
    private readonly faults: FaultInjector,
  ) {}

  @Page('/')
  show(@Query('done') done?: string): string {
    const rows = this.faults.list().map(
      (fault) =>
        html`<tr>
          <td><code>${JSON.stringify(fault.match)}</code></td>
          <td><code>${JSON.stringify(fault.effect)}</code></td>
          <td class="number">${fault.remaining ?? 'all'}</td>
          <td class="number">${fault.strikes}</td>
          <td>${action('/faults/remove', 'Remove', { id: fault.id }, 'danger')}</td>
        </tr>`,
    );
    return sandboxPage({
      title: 'Faults and clock',
      lead: 'See what your application does when the marketplace is slow, down or wrong, and when months pass.',
      active: '/faults',
      notice: done ?? null,
      body: html`<h2>Clock</h2>
        <p>
          It is <strong>${this.clock.iso()}</strong>${this.clock.isFrozen ? ', and time stands still' : ''}
          ${this.clock.offsetMs === 0 ? '' : html`<span class="tag">moved</span>`}
        </p>
        <p>
          ${action('/faults/clock', 'Five minutes later', { by: '5m' })}
          ${action('/faults/clock', 'A day later', { by: '1d' })}
          ${action('/faults/clock', 'A month later', { by: '31d' })}
          ${action('/faults/clock', this.clock.isFrozen ? 'Let it run' : 'Freeze', { by: 'freeze' })}
          ${action('/faults/clock', "The machine's time", { by: 'reset' })}
        </p>
        <h2>Presets</h2>
        <p>
          ${PRESETS.map((name) => action('/faults/preset', name, { name }))}
          ${action('/faults/remove', 'Clear', { id: '*' })}
        </p>
        <h2>One fault</h2>
        <form method="post" action="/faults/add" class="row">
          <label>Route<input name="route" value="POST account/bills" required size="28" /></label>
          <label
            >Effect<select name="effect">
              ${options(Object.entries(EFFECTS).map(([key, [label]]) => [key, label] as const))}
            </select></label
          >
          <label>Next<input name="next" type="number" min="1" value="1" style="width: 5rem" /></label>
          <button>Add</button>
        </form>
        <h2>In force</h2>
        ${table('Faults', ['Where', 'What', 'Left', 'Struck', 'Action'], rows, 'No fault is in force.')}`,
    });
  }

  @Post('clock')
  @Redirect()
  moveClock(@Form() { by = '' }: FormFields): Back {
    if (by === 'reset') this.clock.reset();
    else if (by !== 'freeze') this.clock.advance(by);
    else if (this.clock.isFrozen) this.clock.unfreeze();
    else this.clock.freeze();
    return back('/faults', `It is ${this.clock.iso()}.`);
  }

  @Post('preset')
  @Redirect()
  preset(@Form() { name = '' }: FormFields): Back {
    const preset = PRESETS.find((one) => one === name);
    if (!preset) return back('/faults', 'There is no such preset.');
    this.faults.preset(preset);
    return back('/faults', `The marketplace is ${name}.`);
  }

  @Post('add')
  @Redirect()
  add(@Form() { route = '', effect = '', next = '1' }: FormFields): Back {
    const chosen = EFFECTS[effect];
    if (!chosen || !route.trim()) return back('/faults', 'Say where and what.');
    this.faults.next(route, chosen[1], Math.max(1, Number(next) || 1));
    return back('/faults', `${route}: ${chosen[0]}.`);
  }

  @Post('remove')
  @Redirect()
  remove(@Form() { id = '' }: FormFields): Back {
    if (id === '*') this.faults.clear();
    else this.faults.remove(id);
    return back('/faults', 'Removed.');
  }
}
