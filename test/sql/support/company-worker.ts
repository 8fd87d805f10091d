import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

import { MaestranoSyncError } from '../../../src/errors/sync.error.js';
import type { Companies } from '../../support/sync/companies.js';
import type { CompanyQuestion, WorkerOrder, WorkerReport } from './sync-companies-instance.js';

type Order = Exclude<WorkerOrder, { readonly kind: 'answer' }>;

/** A process that synchronizes companies, and asks for their data here. */
export class CompanyWorker {
  #child: ChildProcess;
  #report: ((report: WorkerReport | null) => void) | null = null;

  private constructor(
    private readonly script: string,
    private readonly url: string,
    private readonly companies: Companies,
  ) {
    this.#child = this.#start();
  }

  static async start(script: string, url: string, companies: Companies): Promise<CompanyWorker> {
    const worker = new CompanyWorker(script, url, companies);
    await worker.#reported();
    return worker;
  }

  /** Has it do something; null when it was killed before it was done. */
  async does(order: Order): Promise<WorkerReport | null> {
    const reported = this.#reported();
    this.#child.send(order);
    return reported;
  }

  /** Kills it, and starts another one. */
  async replace(): Promise<void> {
    await this.end();
    this.#child = this.#start();
    await this.#reported();
  }

  stop(): void {
    this.#child.kill('SIGSTOP');
  }

  goOn(): void {
    this.#child.kill('SIGCONT');
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  #start(): ChildProcess {
    const env = {
      ...process.env,
      DATABASE_URL: this.url,
      SQL_PACKAGES: join(import.meta.dirname, '..', 'package.json'),
    };
    const child = fork(this.script, { env, serialization: 'advanced' });
    child.on('message', (message) => this.#take(child, message as CompanyQuestion | WorkerReport));
    child.once('exit', () => this.#settle(null));
    return child;
  }

  #reported(): Promise<WorkerReport | null> {
    return new Promise((resolve) => (this.#report = resolve));
  }

  #settle(report: WorkerReport | null): void {
    this.#report?.(report);
    this.#report = null;
  }

  #take(child: ChildProcess, message: CompanyQuestion | WorkerReport): void {
    if ('kind' in message) this.#settle(message);
    else void this.#answer(child, message);
  }

  async #answer(child: ChildProcess, { id, scope, side, method, args }: CompanyQuestion): Promise<void> {
    const send = (value: unknown, isAway: boolean): void => {
      const order: WorkerOrder = { kind: 'answer', id, value, isAway };
      if (child.connected) child.send(order, () => undefined);
    };
    try {
      const target = this.companies.side(scope, side);
      send(await Reflect.apply(Reflect.get(target, method) as () => unknown, target, args), false);
    } catch (error) {
      if (!(error instanceof MaestranoSyncError)) throw error;
      send(null, true);
    }
  }
}
