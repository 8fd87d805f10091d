import { Injectable } from '@nestjs/common';

import { SandboxClock } from '../clock/sandbox-clock.js';

/** What the application responded to a login that the sandbox itself carried there. */
export interface LoginResponse {
  readonly status: number;
  /** Where a redirect leads. */
  readonly location: string | null;
  /** Code of a rejection, such as `sso.audience`; null when the response names none. */
  readonly code: string | null;
  /** The short code that the person is shown. */
  readonly trace: string | null;
  /** Beginning of the body. */
  readonly body: string;
  /** Requests of the whole way, as they were made. */
  readonly steps: readonly { readonly method: string; readonly url: string; readonly status: number }[];
}

/** A login that the marketplace sent to the application. */
export interface LoginRecord {
  readonly id: string;
  /** By the sandbox's clock, ISO 8601. */
  readonly at: string;
  readonly marketplace: string;
  readonly protocol: 'saml' | 'openid';
  readonly user: string;
  readonly group: string;
  /** `valid`, or the name of the one thing that is wrong. */
  readonly sent: string;
  /** Null when a browser carried it: then only the application knows. */
  response: LoginResponse | null;
  /** When the application first asked whether the session of this login holds; null when it has not. */
  checkedAt: string | null;
  /** When the marketplace ended the person's session; null while it holds. */
  endedAt: string | null;
}

/** How a login ended, as far as the sandbox can tell. */
export type LoginState = 'accepted' | 'rejected' | 'sent';

/** Header of a login on its way: the id it has in the log. */
export const LOGIN_ID_HEADER = 'x-sandbox-login';

/** Logins that are kept; older ones are forgotten. */
const CAPACITY = 1_000;
/** Logins whose response is kept as it was sent, and how many characters of it: some defects are megabytes. */
const RESPONSES = 200;
const MAX_RESPONSE = 100_000;

/** How a login ended: by the application's response, or by its question about the session. */
export function loginState({ response, checkedAt }: LoginRecord): LoginState {
  if (response) return response.status < 400 && response.code === null ? 'accepted' : 'rejected';
  return checkedAt === null ? 'sent' : 'accepted';
}

/** Whether a login ended as it should not: a valid one rejected, or one with a defect accepted. */
export function isLoginProblem(login: LoginRecord): boolean {
  return loginState(login) === (login.sent === 'valid' ? 'rejected' : 'accepted');
}

/** Every login that went from the marketplace to the application, newest last; the last 1,000 are kept. */
@Injectable()
export class LoginLog {
  readonly #records: LoginRecord[] = [];
  /** What was posted, by the login's id; oldest first. */
  readonly #posted = new Map<string, string>();
  #lastId = 0;

  constructor(private readonly clock: SandboxClock) {}

  /**
   * A response has been made for a person, and goes to the application.
   *
   * @param samlResponse as it is posted; OpenID has none.
   */
  sent(
    login: Pick<LoginRecord, 'marketplace' | 'protocol' | 'user' | 'group' | 'sent'>,
    samlResponse?: string,
  ): LoginRecord {
    const record: LoginRecord = {
      id: `login-${++this.#lastId}`,
      at: this.clock.iso(),
      ...login,
      response: null,
      checkedAt: null,
      endedAt: null,
    };
    this.#records.push(record);
    if (this.#records.length > CAPACITY) this.#records.shift();
    if (samlResponse !== undefined) this.#keep(record.id, samlResponse.slice(0, MAX_RESPONSE));
    return record;
  }

  /** The application asked for a person's session: the last login of that person was accepted. */
  checked(marketplace: string, user: string): void {
    const last = this.#records.findLast((one) => one.marketplace === marketplace && one.user === user);
    if (last) last.checkedAt ??= this.clock.iso();
  }

  /** The marketplace ended a person's session. */
  ended(marketplace: string, user: string): void {
    for (const one of this.#records)
      if (one.marketplace === marketplace && one.user === user) one.endedAt ??= this.clock.iso();
  }

  /** The last login of a person through a company. */
  lastOf(marketplace: string, user: string, group: string): LoginRecord | undefined {
    return this.#records.findLast(
      (one) => one.marketplace === marketplace && one.user === user && one.group === group,
    );
  }

  /** The logins, oldest first. */
  list(): readonly LoginRecord[] {
    return this.#records;
  }

  /** One login. */
  get(id: string): LoginRecord | undefined {
    return this.#records.find((one) => one.id === id);
  }

  /** The SAML response of a login as it was posted, its beginning where it is large; null where it is not kept. */
  postedResponse(id: string): string | null {
    return this.#posted.get(id) ?? null;
  }

  /** How many ended as they should not. */
  get problems(): number {
    return this.#records.filter((one) => isLoginProblem(one)).length;
  }

  clear(): void {
    this.#records.length = 0;
    this.#posted.clear();
  }

  #keep(id: string, samlResponse: string): void {
    this.#posted.set(id, samlResponse);
    const [oldest] = this.#posted.keys();
    if (this.#posted.size > RESPONSES && oldest !== undefined) this.#posted.delete(oldest);
  }
}
