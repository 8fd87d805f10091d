import type { MaestranoStore } from '../../stores/maestrano-store.js';
import { storeKey } from '../../stores/store-key.js';

/** Responses of the provider to direct verifications of one login: for the browser that began it, and for anybody. */
const MOST_BOUND = 3;
const MOST_STRAY = 1;
/** Calls without a response that are not counted among those. */
const MOST_EXCUSED = 2;
/** Others write at the same moment: as often as all of them together may write. */
const TRIES = 16;

/** What became of a message: the provider is being asked, or said yes or no. */
export type VerificationResult = 'asking' | 'yes' | 'no';

interface Kept {
  /** Calls that got a response, or are under way. */
  readonly counted: number;
  readonly excused: number;
  /** By the digest of the message. */
  readonly results: Readonly<Record<string, VerificationResult>>;
}

const NOTHING: Kept = { counted: 0, excused: 0, results: {} };

/** Whose count it is. */
export interface AllowanceOwner {
  readonly requestId: string;
  /** Where the login is kept: one of as many places as logins may be under way. */
  readonly place: string;
  /** Whether the browser that began the login asks: what a stranger uses up is not its own. */
  readonly bound: boolean;
  /** How long the login may take, in milliseconds. */
  readonly ttlMs: number;
}

/**
 * How often the provider may be asked about one begun login (protocol §5): otherwise whoever begins one could make us call the
 * provider without end. Counted in the store, for all instances; a login never uses up what is another's. The count lies
 * under the login's own place, so there are no more counts than logins; that of a login which had the place before is
 * nobody's any more.
 */
export class VerificationAllowance {
  constructor(private readonly store: MaestranoStore) {}

  /** What is known of the message; null when nobody has asked, or nobody got a response. */
  async result(owner: AllowanceOwner, digest: string): Promise<VerificationResult | null> {
    const text = await this.store.get(keyOf(owner));
    return read(text, owner).results[digest] ?? null;
  }

  /**
   * Takes a call out of the allowance; it counts from now on.
   *
   * @param known what {@link result} said; somebody else may ask at the same moment.
   * @returns `taken`, `changed` when something else is known by now, or `exhausted`.
   */
  async take(
    owner: AllowanceOwner,
    digest: string,
    known: VerificationResult | null,
  ): Promise<'taken' | 'changed' | 'exhausted'> {
    const most = owner.bound ? MOST_BOUND : MOST_STRAY;
    let result: 'taken' | 'changed' | 'exhausted' = 'exhausted';
    const done = await this.#update(owner, (kept) => {
      result = 'changed';
      if ((kept.results[digest] ?? null) !== known) return null;
      result = 'exhausted';
      if (kept.counted >= most) return null;
      result = 'taken';
      return { ...kept, counted: kept.counted + 1, results: { ...kept.results, [digest]: 'asking' } };
    });
    return done ? result : 'changed';
  }

  /** Remembers what the provider said. */
  async decided(owner: AllowanceOwner, digest: string, result: VerificationResult): Promise<void> {
    await this.#update(owner, (kept) => ({ ...kept, results: { ...kept.results, [digest]: result } }));
  }

  /** Remembers that no response came. Says whether the call is not counted, so that another may be made. */
  async withoutResponse(owner: AllowanceOwner, digest: string): Promise<boolean> {
    let excused = false;
    const done = await this.#update(owner, (kept) => {
      const { [digest]: _, ...results } = kept.results;
      excused = kept.excused < MOST_EXCUSED;
      return excused
        ? { counted: Math.max(0, kept.counted - 1), excused: kept.excused + 1, results }
        : { ...kept, results };
    });
    return done && excused;
  }

  /** Says whether the change was made, or found unnecessary: where others write without end, it is not. */
  async #update(owner: AllowanceOwner, change: (kept: Kept) => Kept | null): Promise<boolean> {
    const key = keyOf(owner);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const text = await this.store.get(key);
      const changed = change(read(text, owner));
      if (changed === null) return true;
      const [written] = await this.store.writeMany([
        { key, expected: text, value: write(changed, owner), ttlMs: owner.ttlMs },
      ]);
      if (written) return true;
    }
    return false;
  }
}

function keyOf({ place, bound }: AllowanceOwner): string {
  return storeKey('openid-asked', place, bound ? 'bound' : 'stray');
}

function read(text: string | null, { requestId }: AllowanceOwner): Kept {
  if (text === null) return NOTHING;
  const [id, counted, excused, results] = JSON.parse(text) as KeptText;
  return id === requestId ? { counted, excused, results } : NOTHING;
}

function write({ counted, excused, results }: Kept, { requestId }: AllowanceOwner): string {
  return JSON.stringify([requestId, counted, excused, results] satisfies KeptText);
}

/** At most {@link MOST_BOUND} digests, so that an entry is short. */
type KeptText = readonly [
  requestId: string,
  counted: number,
  excused: number,
  results: Readonly<Record<string, VerificationResult>>,
];
