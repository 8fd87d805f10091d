import { Injectable } from '@nestjs/common';

import { MaestranoConsoleError } from '../../errors/console.error.js';
import type { LoginTrace } from '../../interfaces/login-trace.interface.js';
import { MarketplaceRegistry } from '../../marketplace/marketplace-registry.js';
import { LoginSubjects } from '../../sso/trace/login-subjects.service.js';
import { LoginTraceService } from '../../sso/trace/login-trace.service.js';
import { count } from '../../views/format.js';
import type { ConsoleAction, ConsoleAttention, ConsolePage, ConsoleSection } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { groupSignIns, meaningOf, needsSomebody, type SignInCause } from '../sign-in-causes.js';
import { listPage, loginPage } from './sign-ins-look.js';

/** Marketplaces that are looked at; with more, one has to be chosen. */
const MARKETPLACES = 100;
/** Marketplaces that are read together. */
const AT_ONCE = 20;

/** Who could not sign in, and why: by support code, by person, by cause. */
@Injectable()
export class SignInsSection implements ConsoleSection {
  readonly path = 'sign-ins';
  readonly name = 'Sign-ins';
  readonly actions: Readonly<Record<string, ConsoleAction>> = {
    find: {
      role: 'view',
      // Whom somebody looked for is a personal value: the log has that it was done, and the digest.
      describe: (fields) => ({
        what: 'Looked for sign-ins of a person',
        on: this.#digestOf(fields.get('person') ?? ''),
      }),
      run: (fields) =>
        Promise.resolve({
          text: 'What is kept of this person is listed below.',
          tone: 'info',
          query: { person: this.#digestOf(fields.get('person') ?? '') },
        }),
    },
  };

  constructor(
    private readonly traces: LoginTraceService,
    private readonly subjects: LoginSubjects,
    private readonly registry: MarketplaceRegistry,
  ) {}

  async attention(): Promise<readonly ConsoleAttention[]> {
    const causes = groupSignIns(await this.#read(''));
    return causes.filter((cause) => needsSomebody(cause)).map((cause) => attentionOf(cause));
  }

  async page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    const marketplace = view.param('marketplace');
    if (name === 'login') return this.#login(view);
    if (name !== '') return null;
    const typed = view.param('q');
    if (typed !== '') {
      const found = await this.traces.find(typed);
      if (found) return loginPage(view, found, await this.#others(found));
    }
    const all = await this.#read(marketplace);
    const filter = { code: view.param('code'), person: view.param('person'), marketplace };
    const chosen = all.filter((trace) => isWanted(trace, filter));
    return listPage(view, {
      chosen,
      causes: groupSignIns(all),
      filter,
      typed,
      marketplaces: this.registry.list().map(({ name: one }) => one),
      looked: MARKETPLACES,
    });
  }

  async #login(view: ConsoleView): Promise<ConsolePage | null> {
    const trace = await this.traces.find(view.param('code'));
    return trace && loginPage(view, trace, await this.#others(trace));
  }

  /** Others of the same marketplace that were refused for the same reason. */
  async #others({ marketplace, rejection, code }: LoginTrace): Promise<readonly LoginTrace[]> {
    if (rejection === null) return [];
    const all = await this.traces.list(marketplace);
    return all.filter((one) => one.rejection === rejection && one.began && one.code !== code);
  }

  async #read(marketplace: string): Promise<readonly LoginTrace[]> {
    const names = this.registry.list().map(({ name }) => name);
    const wanted =
      marketplace === '' ? names.slice(0, MARKETPLACES) : names.filter((one) => one === marketplace);
    const found: LoginTrace[] = [];
    for (let from = 0; from < wanted.length; from += AT_ONCE) {
      const some = wanted.slice(from, from + AT_ONCE);
      for (const list of await Promise.all(some.map((name) => this.traces.list(name)))) found.push(...list);
    }
    return found.toSorted((one, other) => (one.at < other.at ? 1 : -1));
  }

  #digestOf(person: string): string {
    const typed = person.trim();
    if (typed === '' || typed.length > 320) {
      throw new MaestranoConsoleError('console.input', {
        message: 'Type the id of a person, such as usr-1, or the whole address.',
      });
    }
    return this.subjects.digestsOf(typed).join('.');
  }
}

function isWanted(
  { rejection, subject }: LoginTrace,
  { code, person }: { readonly code: string; readonly person: string },
): boolean {
  if (code !== '' && rejection !== code) return false;
  if (person === '') return true;
  const digests = person.split('.');
  return subject?.digests.some((digest) => digests.includes(digest)) ?? false;
}

function attentionOf({ marketplace, code, refused, isOver }: SignInCause): ConsoleAttention {
  const newest = refused[0]!;
  const times = count(refused.length, 'sign-in was refused', 'sign-ins were refused');
  return {
    waiting: 'customers',
    tone: isOver ? 'warn' : 'bad',
    word: refused.length > 1 ? 'People locked out' : 'Sign-in refused',
    title: `${marketplace}: ${times}, as “${meaningOf(code)}” failed`,
    why: isOver
      ? `Others got in since; the newest rejection has the code ${newest.code}.`
      : `Nobody got in on this marketplace since; the newest rejection has the code ${newest.code}.`,
    act: 'Why',
    page: 'login',
    query: { code: newest.code },
  };
}
