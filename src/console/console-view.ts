import { form, hiddenField, type ButtonKind } from '../views/form.js';
import { when } from '../views/format.js';
import { html, type Html } from '../views/html.js';
import { withQuery } from '../utils/with-query.js';
import type { ConsoleAuditEntry } from './audit/audit-entry.js';
import type { ConsolePerson, ConsoleRole } from './console-person.js';

/** How long masked values are shown to who asked for them, in milliseconds. */
const SHOWN_MS = 5 * 60_000;

/** Parameters of an address; null and empty ones are left out. */
export type LinkQuery = Readonly<Record<string, string | null | undefined>>;

/** A form that does something, as a button or with fields of its own. */
export interface ActionForm {
  readonly section: string;
  readonly action: string;
  /** The role that the action needs. */
  readonly role: ConsoleRole;
  /** On the button: a verb. */
  readonly label: string;
  readonly kind?: ButtonKind;
  readonly mini?: boolean;
  /** Hidden fields. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Visible ones, before the button. */
  readonly body?: Html;
}

/** One look of a person at a page of the console: who looks, at which address, and how links and forms are made. */
export class ConsoleView {
  /** The present of every relative time on the page, in milliseconds since the epoch. */
  readonly now = Date.now();

  constructor(
    /** Path of the console as the browser sees it, without trailing slash. */
    readonly base: string,
    readonly person: ConsolePerson,
    readonly query: URLSearchParams,
    private readonly token: string,
    /** The action of this person that led here, not older than ten minutes; null where none did. */
    readonly did: ConsoleAuditEntry | null = null,
  ) {}

  /**
   * Whether this person may see masked values now: they asked for exactly these, which is in the audit log, less than five
   * minutes ago.
   *
   * @param section path of the section that has an action `show`.
   * @param what the values, as the action named them (`on`).
   */
  shows(section: string, what: string): boolean {
    const { did } = this;
    if (did?.action !== `${section}/show` || did.on !== what || did.outcome !== 'done') return false;
    return this.now - Date.parse(did.at) < SHOWN_MS;
  }

  /** A parameter of the address; empty where there is none. */
  param(name: string): string {
    return this.query.get(name)?.slice(0, 400) ?? '';
  }

  /** The address of a page. */
  link(section: string, page = '', query: LinkQuery = {}): string {
    const path = [this.base, section, page].filter((part) => part !== '').join('/');
    const given = Object.entries(query).filter(
      (one): one is [string, string] => one[1] !== null && one[1] !== undefined && one[1] !== '',
    );
    return withQuery(path === '' ? '/' : path, Object.fromEntries(given));
  }

  can(role: ConsoleRole): boolean {
    return this.person.roles.includes(role);
  }

  /** A moment, relative to the page's present. */
  when(at: string | Date): Html {
    return when(typeof at === 'string' ? at : at.toISOString(), this.now);
  }

  /** A form that does something. Who lacks the role sees the button disabled, and why. */
  action({ section, action, role, label, kind = '', mini = false, fields = {}, body }: ActionForm): Html {
    const cls = `${kind} ${mini ? 'mini' : ''}`;
    if (!this.can(role)) {
      return html`${body ?? ''}<button class="${cls}" disabled>${label}</button>
        <span class="small soft">needs the role ${role}</span>`;
    }
    const hidden = Object.entries(fields).map(([name, value]) => hiddenField(name, value));
    const button = html`<button class="${cls}">${label}</button>`;
    const content = body
      ? html`${hidden}${body}
          <p class="actions">${button}</p>`
      : html`${hidden}${button}`;
    return form(this.link(section, action), this.token, content, { cls: body ? '' : 'inline' });
  }
}
