import { Injectable } from '@nestjs/common';

import type { Html } from '../../views/html.js';
import type { JournalEntry } from '../journal/journal.js';
import { SandboxState } from '../state/sandbox-state.js';
import { SandboxPages } from './sandbox-pages.js';

/** Characters of a body in which a company is looked for. */
const LOOKED_AT = 10_000;
/** Companies offered at once; the search finds the others. */
const OFFERED = 200;
/** `"group_id": "cld-1"` and `group_id=cld-1`, also as a list of one. */
const IN_BODY = /group_id(?:"\s*:\s*\[?\s*"|=)([^"&\s]{1,200})/;

/** Which company a call is about, as far as its address and its bodies say. */
@Injectable()
export class JournalCompanies {
  /** Entries never change; the null of one that names none is kept as well. */
  readonly #found = new WeakMap<JournalEntry, string | null>();

  constructor(
    private readonly state: SandboxState,
    private readonly pages: SandboxPages,
  ) {}

  /** Marketplace and company as one text; null where the call names none that is known. */
  keyOf(entry: JournalEntry): string | null {
    const known = this.#found.get(entry);
    if (known !== undefined) return known;
    const uid = this.#companyOf(entry);
    const key = uid === null ? null : `${entry.marketplace} ${uid}`;
    this.#found.set(entry, key);
    return key;
  }

  /** The company's name, leading to its page; empty where the call names none. */
  link(entry: JournalEntry): Html | '' {
    const key = this.keyOf(entry);
    if (key === null || entry.marketplace === null) return '';
    return this.pages.company(entry.marketplace, key.slice(entry.marketplace.length + 1));
  }

  /** The companies that some calls are about, as choices. */
  choices(entries: readonly JournalEntry[]): (readonly [key: string, name: string])[] {
    const names = new Map<string, string>();
    for (const entry of entries) {
      const key = this.keyOf(entry);
      if (key === null || entry.marketplace === null || names.has(key)) continue;
      const uid = key.slice(entry.marketplace.length + 1);
      names.set(key, `${this.pages.companyName(entry.marketplace, uid)} (${key.replace(' ', ', ')})`);
      if (names.size === OFFERED) break;
    }
    return [...names].sort(([, one], [, other]) => one.localeCompare(other));
  }

  #companyOf({ marketplace, url, requestBody, responseBody }: JournalEntry): string | null {
    if (marketplace === null) return null;
    const known = (uid: string): boolean => this.state.group(marketplace, uid) !== undefined;
    const inAddress = url
      .replace(/^[a-z]+:\/\/[^/]+/, '')
      .split(/[/?&=]/)
      .find((part) => known(decoded(part)));
    if (inAddress !== undefined) return decoded(inAddress);
    for (const body of [requestBody, responseBody]) {
      const uid = IN_BODY.exec(body.slice(0, LOOKED_AT))?.[1];
      if (uid !== undefined && known(uid)) return uid;
    }
    return null;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
