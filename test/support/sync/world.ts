/**
 * A world of two stores and their users, with an oracle that judges what a synchronization engine does to them. Every
 * value is a cell `{ v, t }`: `v` is all that an engine sees, `t` names the write of a user that it came from, so that
 * the oracle knows at every moment whether a user's word was lost. One seeded generator decides everything.
 */

/** The process died: nothing that it had in memory is left. */
export class Crash extends Error {}
/** The side does not accept the record. */
export class Rejected extends Error {}
/** The call may have happened. */
export class Ambiguous extends Error {}

export const FIELDS = ['name', 'note', 'amount', 'currency', 'arch'] as const;
export type Field = (typeof FIELDS)[number];
export type Value = string | boolean;
export interface Cell {
  readonly v: Value;
  readonly t: string;
}
export type Cells = Record<Field, Cell>;

export interface AppRow {
  readonly id: string;
  f: Cells;
  /** The thing in the real world that the record is about. */
  readonly k: string;
  readonly key: string | null;
  readonly born: number;
  ver: number;
  at: number;
  listAt: number;
}

export interface ConnecRow {
  readonly id: string;
  f: Cells;
  readonly ext: string[];
  readonly k: string;
  readonly born: number;
  at: number;
  getAt: number;
  listAt: number;
}

/** How the world behaves; probabilities between 0 and 1, times in milliseconds. */
export interface WorldOptions {
  readonly crash: number;
  readonly ambiguous: number;
  /** That a user does something around a call. */
  readonly user: number;
  readonly userOps: number;
  readonly values: 'unique' | 'few';
  /** Users archive and un-archive. */
  readonly arch: boolean;
  /** Users change amount and currency together. */
  readonly pairs: boolean;
  /** Characters that the platform keeps of a text; 0 for all. */
  readonly trunc: number;
  /** That a side rejects a write for good, until somebody asks for it again. */
  readonly reject: number;
  /** A release of the application moves a field to another property. */
  readonly release: boolean;
  /** That a write never arrives, and nobody knows. */
  readonly lost: number;
  /** That a write arrives late, and how late. */
  readonly late: number;
  readonly lateMs: number;
  /** That a user changes something between a write and its response, which shows the later state. */
  readonly laterAnswers: number;
  /** How long new records stay invisible. */
  readonly hideGet: number;
  readonly hideList: number;
  /** How long a row of the application stays invisible behind its version. */
  readonly hideL: number;
  /** That a change is followed by a notification, some time. */
  readonly hints: number;
  /** That a write of the engine is followed at once by a notification, or by a hint of the application. */
  readonly echoes: number;
  /** Two changes in one second, the first one's notification late. */
  readonly double: boolean;
  /** Users merge records at the platform. */
  readonly merge: boolean;
  /** Users of the application delete, and ids are used again. */
  readonly reuse: boolean;
  /** A side is restored from a backup. */
  readonly restore: 'L' | 'R' | null;
  /** Judge records, too, that a write of the engine reached which was under way when the platform was restored. */
  readonly judgeUnderWay: boolean;
  readonly rule: 'newest' | 'local' | 'remote';
  /** Changes between two cycles; 0 for one without a time of its own. */
  readonly burst: number;
  readonly noSweep: boolean;
  readonly restMs: number;
  /** How far the clock of every second process is off; that of the store is right. */
  readonly skewMs: number;
  /** The engine's store forgets what it acknowledged within the last second before a crash. */
  readonly storeLoss: boolean;
}

export const CALM: WorldOptions = {
  crash: 0.03,
  ambiguous: 0.05,
  user: 0.15,
  userOps: 14,
  values: 'unique',
  arch: false,
  pairs: false,
  trunc: 0,
  reject: 0,
  release: false,
  lost: 0,
  late: 0,
  lateMs: 30_000,
  laterAnswers: 0,
  hideGet: 0,
  hideList: 0,
  hideL: 0,
  hints: 0,
  echoes: 0,
  double: false,
  merge: false,
  reuse: false,
  restore: null,
  judgeUnderWay: false,
  rule: 'newest',
  burst: 0,
  noSweep: false,
  restMs: 60_000,
  skewMs: 0,
  storeLoss: false,
};

type Side = 'L' | 'R';

/** A write of a user, and the writes that its author had seen. */
interface UserWrite {
  readonly tag: string;
  readonly v: Value;
  readonly at: number;
  readonly side: Side;
  readonly past: ReadonlySet<string>;
  /** Another write won over it. */
  dead: boolean;
}

export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 1 | state) + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class World {
  readonly o: WorldOptions;
  readonly app = new Map<string, AppRow>();
  readonly connec = new Map<string, ConnecRow>();
  now = 1_700_000_000_000;
  /** Changes that users may still make. */
  opsLeft: number;
  faults = true;
  /** Writes that arrived. */
  effects = 0;
  hintBox: { readonly due: number; readonly side: 'app' | 'connec'; readonly id: string }[] = [];
  restored = false;
  readonly events = new Map<string, string>();
  readonly mergedAway = new Set<string>();
  readonly hardGone = new Set<string>();
  /** Things of which a restore left nothing, or an older state that somebody has changed since: nobody can tell. */
  readonly beyondHelp = new Set<string>();
  /** Things of the platform that were restored, and that the engine has not read since. */
  readonly #unread = new Set<string>();
  /** Things of the platform that had several states within one second. */
  readonly #sameSecond = new Set<string>();
  readonly #random: () => number;
  readonly #writes = new Map<string, UserWrite[]>();
  #pending: { readonly due: number; readonly go: () => unknown }[] = [];
  readonly #free: string[] = [];
  #backup: Map<string, AppRow | ConnecRow> | null = null;
  #count = 0;
  #sequence = 0;
  #tags = 0;
  #born = 0;

  constructor(seed: number, options: Partial<WorldOptions> = {}) {
    this.o = { ...CALM, ...options };
    this.opsLeft = this.o.userOps;
    this.#random = generator(seed);
  }

  random(): number {
    return this.#random();
  }

  // ---- users

  user(): void {
    if (this.opsLeft <= 0) return;
    this.opsLeft -= 1;
    const side: Side = this.#random() < 0.5 ? 'L' : 'R';
    const roll = this.#random();
    const records = [...(side === 'L' ? this.app : this.connec).values()];
    const { restore, userOps } = this.o;
    if (restore && !this.#backup && this.opsLeft === Math.floor(userOps * 0.6)) this.#back(restore);
    if (restore && this.#backup && !this.restored && this.opsLeft === Math.floor(userOps * 0.2)) {
      this.#restore(restore);
      return;
    }
    if (roll < 0.25 || records.length === 0) {
      this.#make(side);
      return;
    }
    this.#change(side, this.#pick(records), roll, records);
  }

  #make(side: Side): void {
    const k = `x${(this.#born += 1)}`;
    const first = (field: Field): Value =>
      field === 'arch' ? false : field === 'currency' ? 'EUR' : this.#value();
    const cells = Object.fromEntries(
      FIELDS.map((field) => [field, this.#write(k, field, side, first(field))]),
    ) as Cells;
    if (side === 'L') this.addApp(cells, k, null);
    else this.addConnec(cells, k);
  }

  #change(
    side: Side,
    record: AppRow | ConnecRow,
    roll: number,
    records: readonly (AppRow | ConnecRow)[],
  ): void {
    const { o } = this;
    const set = (field: Field, v: Value): void => {
      record.f = { ...record.f, [field]: this.#write(record.k, field, side, v, record.f[field]) };
    };
    if (o.arch && roll > 0.82) set('arch', !record.f.arch.v);
    else if (o.pairs && roll > 0.55) {
      set('amount', this.#value());
      set('currency', this.#pick(['EUR', 'USD', 'GBP']));
    } else if (o.reuse && side === 'L' && roll > 0.85) {
      this.app.delete(record.id);
      this.#free.push(record.id);
      this.hardGone.add(record.k);
      return;
    } else if (o.merge && side === 'R' && roll > 0.85 && records.length > 1) {
      const other = this.#pick(records.filter((one) => one !== record)) as ConnecRow;
      this.connec.delete(other.id);
      (record as ConnecRow).ext.push(...other.ext);
      this.mergedAway.add(other.k);
    } else set(this.#pick(['name', 'note'] as const), this.#value());
    if (this.restored && side === o.restore) this.beyondHelp.add(record.k);
    this.touch(side, record);
    if (side === 'L') return;
    const notify = (): void => {
      this.hintBox.push({ due: this.now + this.#random() * 300_000, side: 'connec', id: record.id });
    };
    if (o.double && this.#random() < 0.5) {
      notify();
      set('name', this.#value());
      this.touch(side, record);
    } else if (o.hints > 0 && this.#random() < o.hints) notify();
  }

  /** A write of the engine arrived at a record of the side: the side says so of its own writes, too. */
  echo(side: 'app' | 'connec', id: string): void {
    if (this.o.echoes === 0 || this.#random() >= this.o.echoes) return;
    this.hintBox.push({ due: this.now + this.#random() * 30_000, side, id });
  }

  #write(k: string, field: Field, side: Side, v: Value, seen?: Cell): Cell {
    const name = `${k}.${field}`;
    const writes = this.#writes.get(name) ?? [];
    this.#writes.set(name, writes);
    const past = new Set<string>();
    if (seen) {
      past.add(seen.t);
      for (const tag of writes.find(({ tag: own }) => own === seen.t)?.past ?? []) past.add(tag);
    }
    const tag = `w${(this.#tags += 1)}`;
    writes.push({ tag, v, at: this.now, side, past, dead: false });
    return { v, t: tag };
  }

  #value(): string {
    this.#count += 1;
    return this.o.values === 'few' ? 'ABC'[Math.floor(this.#random() * 3)]! : `v${this.#count}-longer`;
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)]!;
  }

  #back(side: Side): void {
    this.#backup = structuredClone(side === 'R' ? this.connec : this.app) as Map<string, AppRow | ConnecRow>;
  }

  /** What only the restored side held is lost by the restore, not by the engine. */
  #restore(side: Side): void {
    this.restored = true;
    const backup = this.#backup!;
    const store = (side === 'R' ? this.connec : this.app) as Map<string, AppRow | ConnecRow>;
    const other = side === 'R' ? this.app : this.connec;
    const shown = (name: string, records: Iterable<AppRow | ConnecRow>): string[] => {
      const [k, field] = name.split('.') as [string, Field];
      return [...records].filter((one) => one.k === k).map((one) => one.f[field].t);
    };
    for (const [name, writes] of this.#writes) {
      const left = new Set([...shown(name, backup.values()), ...shown(name, other.values())]);
      for (const { tag, past } of writes) if (left.has(tag)) for (const one of past) left.add(one);
      this.#writes.set(
        name,
        writes.filter((one) => one.side !== side || left.has(one.tag)),
      );
    }
    for (const record of store.values()) {
      const elsewhere = [...other.values()].some(({ k }) => k === record.k);
      if (!backup.has(record.id) && !elsewhere) this.beyondHelp.add(record.k);
    }
    if (side === 'R') {
      for (const record of backup.values()) {
        this.#unread.add(record.k);
        // Two states of one second: stamps have whole seconds.
        if (this.#sameSecond.has(`${record.k} ${record.at}`)) this.beyondHelp.add(record.k);
      }
    }
    store.clear();
    for (const [id, record] of backup) store.set(id, record);
    if (side === 'L') this.#sequence = Math.max(0, ...[...this.app.values()].map(({ ver }) => ver));
    for (const [name, writes] of this.#writes) this.#revive(...(name.split('.') as [string, Field]), writes);
  }

  /** A word that had lost is the newest one again where the winner is gone. */
  #revive(k: string, field: Field, writes: readonly UserWrite[]): void {
    const records = [...this.app.values(), ...this.connec.values()].filter((one) => one.k === k);
    const shown = new Set(records.map(({ f }) => f[field].t));
    if (shown.size === 0 || writes.some(({ tag, dead }) => shown.has(tag) && !dead)) return;
    for (const one of writes) {
      const seen = writes.some(({ tag, past }) => shown.has(tag) && past.has(one.tag));
      if (shown.has(one.tag) && !seen) one.dead = false;
    }
  }

  /** The engine read records of the platform. */
  reads(records: readonly ConnecRow[]): readonly ConnecRow[] {
    for (const { k } of records) this.#unread.delete(k);
    return records;
  }

  /** A write of the engine arrives at a record of the platform, whose stamp says nothing of a restore any more. */
  reaches({ k }: ConnecRow): void {
    if (this.#unread.delete(k) && !this.o.judgeUnderWay) this.beyondHelp.add(k);
  }

  touch(side: Side, record: AppRow | ConnecRow): void {
    if (side === 'L') {
      const row = record as AppRow;
      row.ver = this.#sequence += 1;
      row.at = this.now;
      row.listAt = this.now + (this.o.hideL ? this.#random() * this.o.hideL : 0);
    } else {
      const at = Math.floor(this.now / 1000) * 1000;
      if (record.at === at) this.#sameSecond.add(`${record.k} ${at}`);
      record.at = at;
    }
    this.#agree(record.k);
  }

  addApp(f: Cells, k: string, key: string | null): AppRow {
    const id = this.o.reuse && this.#free.length > 0 ? this.#free.pop()! : `l${(this.#count += 1)}`;
    const row: AppRow = { id, f: { ...f }, k, key, born: this.now, ver: 0, at: 0, listAt: 0 };
    this.app.set(id, row);
    this.touch('L', row);
    return row;
  }

  addConnec(f: Cells, k: string, hidden = true): ConnecRow {
    const row: ConnecRow = {
      id: `c${(this.#count += 1)}`,
      f: { ...f },
      ext: [],
      k,
      born: this.now,
      at: 0,
      getAt: this.now + (hidden ? this.#random() * this.o.hideGet : 0),
      listAt: this.now + (hidden ? this.#random() * this.o.hideList : 0),
    };
    this.connec.set(row.id, row);
    this.touch('R', row);
    return row;
  }

  /** The platform's form of a value. */
  norm(v: Value, field: Field): Value {
    const cut = this.o.trunc > 0 && typeof v === 'string' && (field === 'name' || field === 'note');
    return cut ? v.slice(0, this.o.trunc) : v;
  }

  // ---- the oracle

  #say(kind: string, what: string): void {
    if (!this.events.has(kind)) this.events.set(kind, what);
  }

  #same(l: Cell, r: Cell, field: Field): boolean {
    return l.v === r.v || this.norm(l.v, field) === r.v;
  }

  /** Both sides show the same value: whose word is it, and whose was lost? */
  #agree(k: string): void {
    const [l, ...moreL] = [...this.app.values()].filter((one) => one.k === k);
    const [r, ...moreR] = [...this.connec.values()].filter((one) => one.k === k);
    if (!l || !r || moreL.length > 0 || moreR.length > 0) return;
    if (this.beyondHelp.has(k)) return;
    for (const field of FIELDS) {
      // The currency is judged as a pair with its amount.
      if (field === 'currency' || !this.#same(l.f[field], r.f[field], field)) continue;
      const top = this.#top(k, field, l.f[field], r.f[field]);
      if (!top) {
        this.#say('reverted', `${k}.${field} ${String(l.f[field].v)}`);
        continue;
      }
      const writes = this.#writes.get(`${k}.${field}`) ?? [];
      const rivals = writes.filter(
        (one) =>
          one !== top &&
          !one.dead &&
          one.v !== top.v &&
          !top.past.has(one.tag) &&
          !writes.some(({ past }) => past.has(one.tag)),
      );
      const { rule } = this.o;
      if (rule === 'newest' && rivals.some(({ at }) => at > top.at + 2_000))
        this.#say('older won', `${k}.${field}`);
      if (rule === 'local' && top.side === 'R' && rivals.some(({ side }) => side === 'L')) {
        this.#say('rule broken', `${k}.${field}`);
      }
      if (rule === 'remote' && top.side === 'L' && rivals.some(({ side }) => side === 'R')) {
        this.#say('rule broken', `${k}.${field}`);
      }
      for (const one of writes) if (one !== top) one.dead = true;
      l.f[field] = { ...l.f[field], t: top.tag };
      r.f[field] = { ...r.f[field], t: top.tag };
    }
  }

  /** The write that a value shown by both sides can be: alive, and seen by no later one. */
  #top(k: string, field: Field, l: Cell, r: Cell): UserWrite | undefined {
    const writes = this.#writes.get(`${k}.${field}`) ?? [];
    const possible = writes.filter(
      (one) =>
        !one.dead &&
        (one.v === l.v || this.norm(one.v, field) === r.v) &&
        !writes.some(({ past }) => past.has(one.tag)),
    );
    return possible.find(({ tag }) => tag === l.t) ?? possible.find(({ tag }) => tag === r.t) ?? possible[0];
  }

  /**
   * Everything that is wrong, when the users are done and the engine had its time; without records that it left to a
   * person, which may be missing.
   */
  judge(leftToPerson: ReadonlySet<string> = new Set()): Set<string> {
    const bad = this.judgeAlways();
    for (let index = 1; index <= this.#born; index += 1) {
      const k = `x${index}`;
      const ls = [...this.app.values()].filter((one) => one.k === k);
      const rs = [...this.connec.values()].filter((one) => one.k === k);
      if (ls.length > 1 || rs.length > 1) continue;
      if (this.mergedAway.has(k) || this.beyondHelp.has(k)) continue;
      const [l, r] = [ls[0], rs[0]];
      if (this.hardGone.has(k)) {
        if (l) bad.add('resurrected');
        if (r && r.f.arch.v !== true && !leftToPerson.has(r.id)) bad.add('delete not carried');
        continue;
      }
      if (!l || !r) {
        if (!leftToPerson.has(l?.id ?? r?.id ?? '')) bad.add('missing');
      } else this.#judgePair(k, l, r, bad);
    }
    return bad;
  }

  /** What is wrong at any moment, whatever the engine still has to do. */
  judgeAlways(): Set<string> {
    const bad = new Set(this.events.keys());
    for (let index = 1; index <= this.#born; index += 1) {
      const k = `x${index}`;
      const ls = [...this.app.values()].filter((one) => one.k === k);
      const rs = [...this.connec.values()].filter((one) => one.k === k);
      if (ls.length > 1 || rs.length > 1) bad.add('duplicate');
      for (const one of [...ls, ...rs]) if (this.#isForeign(k, one)) bad.add('contaminated');
      if (this.mergedAway.has(k) && rs.length > 0) bad.add('resurrected');
    }
    return bad;
  }

  /** Whether a record shows a value that users wrote into another one only. */
  #isForeign(k: string, record: AppRow | ConnecRow): boolean {
    return FIELDS.some((field) => {
      const has = (name: string): boolean =>
        (this.#writes.get(name) ?? []).some(({ tag }) => tag === record.f[field].t);
      const names = [...this.#writes.keys()];
      return !names.some((name) => name.startsWith(`${k}.`) && has(name)) && names.some(has);
    });
  }

  #judgePair(k: string, l: AppRow, r: ConnecRow, bad: Set<string>): void {
    for (const field of FIELDS) {
      const [lc, rc] = [l.f[field], r.f[field]];
      if (!this.#same(lc, rc, field)) {
        bad.add('diverged');
        continue;
      }
      if (field === 'currency') continue;
      if (!this.#top(k, field, lc, rc)) bad.add('lost update');
      const write = (this.#writes.get(`${k}.${field}`) ?? []).find(({ tag }) => tag === lc.t);
      if (write?.side === 'L' && write.v !== lc.v) bad.add('altered at its source');
    }
    if (!this.o.pairs) return;
    const amounts = this.#writes.get(`${k}.amount`) ?? [];
    const currencies = this.#writes.get(`${k}.currency`) ?? [];
    const written = amounts.some((amount) =>
      currencies.some(
        (currency) =>
          amount.at === currency.at &&
          amount.side === currency.side &&
          amount.v === l.f.amount.v &&
          currency.v === l.f.currency.v,
      ),
    );
    if (!written) bad.add('torn');
  }

  // ---- between engine and stores

  /** Lets writes arrive that were late. */
  run(): void {
    const due = this.#pending.filter((one) => one.due <= this.now);
    this.#pending = this.#pending.filter((one) => one.due > this.now);
    for (const { go } of due) go();
  }

  #tick(): void {
    this.now += Math.floor(this.#random() * 700);
    this.run();
  }

  /** One call: users act around it, and it may fail before or after its effect. */
  async io<T>(effect: () => T, write = false): Promise<T> {
    this.#tick();
    if (this.#random() < this.o.user) this.user();
    const fault = (probability: number): boolean => this.faults && this.#random() < probability;
    if (fault(this.o.crash)) throw new Crash();
    if (write && fault(this.o.reject)) throw new Rejected();
    if (write && fault(this.o.lost)) throw new Ambiguous();
    if (write && fault(this.o.late)) {
      this.#pending.push({ due: this.now + this.#random() * this.o.lateMs, go: effect });
      throw new Ambiguous();
    }
    const shown = effect();
    if (write && this.#random() < this.o.laterAnswers) this.user();
    const result = structuredClone(shown);
    if (write) this.effects += 1;
    if (fault(this.o.crash)) throw new Crash();
    if (write && fault(this.o.ambiguous)) throw new Ambiguous();
    this.#tick();
    if (this.#random() < this.o.user) this.user();
    return result;
  }
}
