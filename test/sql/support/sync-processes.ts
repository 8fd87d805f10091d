import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { MemoryConnec } from '../../support/sync/memory-connec.js';
import { MemorySource } from '../../support/sync/memory-source.js';
import type { Question } from './sync-instance.js';

/** Questions of a run at one of which its process is killed, at most; and how long it may take until it asks them, in milliseconds. */
const [QUESTIONS, AT_WORK_MS] = [8, 60_000];

/** Processes of the engine, users on both sides, and somebody who kills and stops them. */
export class SyncProcesses {
  /** Called before a question is answered; its process waits. */
  asked: ((child: ChildProcess, question: Question) => Promise<void>) | null = null;
  readonly #source = new MemorySource({ firstName: '', lastName: '', email: null as string | null });
  readonly #connec = new MemoryConnec();
  /** What users wrote last: first names in the application, last names at Connec!. */
  readonly #first = new Map<string, string>();
  readonly #last = new Map<string, string>();
  #children: ChildProcess[] = [];
  #ran = 0;
  /** Who is to be killed, and after how many of its questions. */
  #doomed: { readonly child: ChildProcess; left: number; readonly reached: () => void } | null = null;
  #count = 0;

  constructor(
    private readonly script: string,
    private readonly path: string,
    private readonly workers: number,
  ) {
    this.#start();
  }

  /** A user makes or changes a record. */
  edit(): void {
    const value = `v${(this.#count += 1)}`;
    const email = `person-${this.#count}`;
    const inApp = Math.random() < 0.5;
    const rows = this.#source.list;
    const records = [...this.#connec.records.values()];
    if (Math.random() < 0.4 || rows.length === 0 || records.length === 0) {
      if (inApp) this.#source.add({ firstName: value, email });
      else this.#connec.add({ first_name: '', last_name: value, email });
      (inApp ? this.#first : this.#last).set(email, value);
    } else if (inApp) {
      const row = rows[Math.floor(Math.random() * rows.length)]!;
      this.#source.edit(row.id, { firstName: value });
      this.#first.set(row.email!, value);
    } else {
      const { id, record } = records[Math.floor(Math.random() * records.length)]!;
      this.#connec.edit(id, { last_name: value });
      this.#last.set(String(record.email), value);
    }
  }

  /** Has a process stand still for that long. */
  async stop(child: ChildProcess, ms: number): Promise<void> {
    child.kill('SIGSTOP');
    await pause(ms);
    child.kill('SIGCONT');
  }

  /** One of the processes. */
  get someone(): ChildProcess {
    return this.#children[Math.floor(Math.random() * this.#children.length)]!;
  }

  /** Kills the oldest process in the middle of a run: at one of its questions, which had its effect or not, or soon after. */
  async kill(): Promise<void> {
    const child = this.#children.shift()!;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const asked = new Promise<void>((reached) => {
      this.#doomed = { child, left: 1 + Math.floor(Math.random() * QUESTIONS), reached };
    });
    const late = pause(AT_WORK_MS, 'late' as const, { ref: false });
    if ((await Promise.race([asked, late])) === 'late') throw new Error('The process never began to work.');
    await pause(Math.random() * 5);
    child.kill('SIGKILL');
    await ended;
    this.#start();
  }

  /** Waits until runs write nothing any more. */
  async quiet(): Promise<void> {
    const until = performance.now() + 60_000;
    for (let same = 0, writes = -1; same < 4 && performance.now() < until;) {
      const ran = this.#ran;
      while (this.#ran < ran + 2 && performance.now() < until) await pause(50);
      await pause(400);
      const now = this.#source.writes.length + this.#connec.writes.length;
      same = now === writes ? same + 1 : 0;
      writes = now;
    }
  }

  wrong(): Readonly<Record<'doubled' | 'missing' | 'lost', readonly string[]>> {
    const emails = new Set([...this.#first.keys(), ...this.#last.keys()]);
    const doubled: string[] = [];
    const missing: string[] = [];
    const lost: string[] = [];
    for (const email of emails) {
      const rows = this.#source.list.filter((row) => row.email === email);
      const records = [...this.#connec.records.values()].filter(({ record }) => record.email === email);
      if (rows.length > 1 || records.length > 1) doubled.push(email);
      if (rows.length === 0 || records.length === 0) missing.push(email);
      const [first, last] = [this.#first.get(email), this.#last.get(email)];
      const firsts = [rows[0]?.firstName, records[0]?.record.first_name];
      const lasts = [rows[0]?.lastName, records[0]?.record.last_name];
      if (first !== undefined && firsts.some((one) => one !== first)) lost.push(`${email} ${first}`);
      if (last !== undefined && lasts.some((one) => one !== last)) lost.push(`${email} ${last}`);
    }
    return { doubled, missing, lost };
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
  }

  #start(): void {
    while (this.#children.length < this.workers) {
      const env = {
        ...process.env,
        DATABASE_PATH: this.path,
        SQL_PACKAGES: join(import.meta.dirname, '..', 'package.json'),
      };
      const child = fork(this.script, { env, serialization: 'advanced' });
      child.on('message', (question) => void this.#answer(child, question as Question));
      this.#children.push(child);
    }
  }

  async #answer(child: ChildProcess, { id, side, method, args }: Question): Promise<void> {
    await this.asked?.(child, { id, side, method, args });
    if (method === 'ran') this.#ran += 1;
    else if (this.#dies(child) && Math.random() < 0.5) return;
    const target = side === 'app' ? this.#source : this.#connec;
    const call: unknown = Reflect.get(target, method);
    const answer: unknown = typeof call === 'function' ? await Reflect.apply(call, target, args) : null;
    if (child.connected) child.send({ id, answer }, () => undefined);
  }

  /** Whether this is the last question of a process. */
  #dies(child: ChildProcess): boolean {
    const doomed = this.#doomed;
    if (doomed?.child !== child) return false;
    doomed.left -= 1;
    if (doomed.left > 0) return false;
    doomed.reached();
    return true;
  }
}
