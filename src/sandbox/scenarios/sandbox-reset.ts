import { Inject, Injectable } from '@nestjs/common';

import { BillingRun } from '../account/billing-run.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import { ConnecRecords } from '../connec/connec-records.js';
import { FaultInjector } from '../faults/fault-injector.js';
import { Journal } from '../journal/journal.js';
import { LoginLog } from '../login/login-log.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import { SandboxState } from '../state/sandbox-state.js';
import { SandboxWebhooks } from '../webhooks/sandbox-webhooks.js';
import { ScenarioBuilder } from './scenario-builder.js';
import { play } from './scenarios.js';

/** Begins a scenario: at the start of the sandbox, and again whenever somebody wants to. */
@Injectable()
export class SandboxReset {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly faults: FaultInjector,
    private readonly journal: Journal,
    private readonly logins: LoginLog,
    private readonly webhooks: SandboxWebhooks,
    private readonly build: ScenarioBuilder,
    private readonly billing: BillingRun,
    private readonly connec: ConnecRecords,
  ) {}

  /** Back to the scenario's beginning: data, ids, clock, faults, journal, logins, deliveries. The address stays. */
  async reset(): Promise<void> {
    this.clock.reset();
    this.faults.clear();
    this.journal.clear();
    this.logins.clear();
    this.webhooks.clear();
    this.state.clear();
    this.connec.reset();
    await this.fill();
  }

  /** Fills the empty state. */
  async fill(): Promise<void> {
    this.state.environment = {
      name: 'sandbox',
      apiKey: this.state.nextToken(),
      apiSecret: this.state.nextToken(),
    };
    await play(this.options.scenario, this.build);
    // Nights before this moment are no business of the scenario's.
    this.billing.catchUp();
  }
}
