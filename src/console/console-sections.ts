import { Injectable } from '@nestjs/common';

import { type ConsoleAttention, type ConsoleSection, WAITING } from './console-section.js';

/** How long one section may take to say what needs somebody, in milliseconds. */
const TIMEOUT_MS = 2_000;
/** How long what was said is shown, in milliseconds. */
const FRESH_MS = 5_000;

/** Something that needs somebody, and whose it is. */
export interface SectionAttention extends ConsoleAttention {
  readonly section: ConsoleSection;
}

/** The sections of the console, in the order of its navigation; inject it to add one of your own. */
@Injectable()
export class ConsoleSections {
  readonly #sections = new Map<string, ConsoleSection>();
  #asked: { readonly at: number; readonly result: Promise<readonly SectionAttention[]> } | null = null;

  /** Adds a section, in place of one of the same path. Returns how to remove it again. */
  add(section: ConsoleSection): () => void {
    this.#sections.set(section.path, section);
    this.#asked = null;
    return () => {
      if (this.#sections.get(section.path) === section) this.#sections.delete(section.path);
      this.#asked = null;
    };
  }

  /** All sections. */
  list(): readonly ConsoleSection[] {
    return [...this.#sections.values()];
  }

  find(path: string): ConsoleSection | null {
    return this.#sections.get(path) ?? null;
  }

  /** What needs somebody, by who waits. A section that cannot say it is listed as well. Never rejects. */
  attention(): Promise<readonly SectionAttention[]> {
    const now = performance.now();
    if (this.#asked && now - this.#asked.at < FRESH_MS) return this.#asked.result;
    const result = this.#ask();
    this.#asked = { at: now, result };
    return result;
  }

  /** The next page asks anew: something was done. */
  changed(): void {
    this.#asked = null;
  }

  async #ask(): Promise<readonly SectionAttention[]> {
    const found = await Promise.all(this.list().map(attentionOf));
    const rank = ({ waiting, tone }: SectionAttention): number =>
      2 * WAITING.indexOf(waiting) + (tone === 'bad' ? 0 : 1);
    return found.flat().toSorted((one, other) => rank(one) - rank(other));
  }
}

async function attentionOf(section: ConsoleSection): Promise<readonly SectionAttention[]> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), TIMEOUT_MS);
  });
  try {
    const found = await Promise.race([section.attention(), silence]);
    return found === 'late' ? [unknown(section, 'It did not say within two seconds.')] : mark(section, found);
  } catch (error) {
    // The name only: messages of drivers hold addresses, and some hold passwords.
    const name = error instanceof Error ? error.name : 'unknown error';
    return [unknown(section, `It failed (${name}).`)];
  } finally {
    clearTimeout(timer);
  }
}

function mark(section: ConsoleSection, found: readonly ConsoleAttention[]): SectionAttention[] {
  return found.map((one) => ({ ...one, section }));
}

function unknown(section: ConsoleSection, why: string): SectionAttention {
  return {
    section,
    waiting: 'operation',
    tone: 'bad',
    word: 'Not known',
    title: `How ${section.name.toLowerCase()} are doing cannot be said`,
    why: `${why} Usually the store or the queue is away: see Health.`,
    act: 'Try to open it',
  };
}
