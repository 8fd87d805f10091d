import type { Html } from '../views/html.js';
import type { PageContent } from '../views/layout.js';
import type { Tone } from '../views/parts.js';
import type { ConsolePerson, ConsoleRole } from './console-person.js';
import type { ConsoleView } from './console-view.js';

/** Who waits while nobody acts, in the order of the overview. */
export const WAITING = ['customers', 'money', 'records', 'operation'] as const;

/** Something that needs somebody. */
export interface ConsoleAttention {
  /** Who waits for it. */
  readonly waiting: (typeof WAITING)[number];
  readonly tone: Extract<Tone, 'bad' | 'warn'>;
  /** State in a word or two: `Charge undecided`. */
  readonly word: string;
  /** What it is, in a sentence. */
  readonly title: string;
  /** Cause and consequence. */
  readonly why: string;
  /** What the link to the page says: a verb. */
  readonly act: string;
  /** Page within the section, and its query. */
  readonly page?: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** What a page is as a table for a spreadsheet. */
export interface ConsoleCsv {
  /** Name of the file, without its ending: letters, digits, hyphens. */
  readonly name: string;
  readonly text: string;
}

/** A page of a section; the frame around it is the console's. */
export interface ConsolePage {
  /** The answer, not the name of a table. */
  readonly title: string;
  readonly lead?: PageContent['lead'];
  readonly actions?: PageContent['actions'];
  /** Names of the pages between the section and this one, with their links. */
  readonly crumbs?: PageContent['crumbs'];
  readonly body: Html;
  /** The same as data, for the JSON form of the page: no secret, no personal value that is not masked. */
  readonly data: unknown;
  /** The same as CSV, served for `format=csv`; none by default. */
  readonly csv?: ConsoleCsv;
  /** 200 by default. */
  readonly status?: number;
}

/** Fields of a posted form: texts, the last one of a repeated name. */
export type ConsoleFields = ReadonlyMap<string, string>;

/** What an action came to. */
export interface ConsoleOutcome {
  /** In a sentence, for the person and for the audit log. */
  readonly text: string;
  readonly tone?: Tone;
  /** Where to go then; the section's first page by default. */
  readonly page?: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** Something that a person with a role may do. */
export interface ConsoleAction {
  readonly role: ConsoleRole;
  /**
   * What is done upon what, for the audit log: before anything is.
   *
   * @throws MaestranoConsoleError `console.input` for a form that cannot be understood.
   */
  describe(fields: ConsoleFields): { readonly what: string; readonly on: string };
  /** Does it. Whatever is thrown is written to the audit log as a failure. */
  run(fields: ConsoleFields, person: ConsolePerson): Promise<ConsoleOutcome>;
}

/**
 * A part of the console: what a feature shows to operators. Give an object of yours to {@link ConsoleSections.add}.
 * Everything that a page shows is escaped by the template tag `html`.
 */
export interface ConsoleSection {
  /** Below the console's path: one segment of lower-case letters and hyphens. */
  readonly path: string;
  /** Name in the navigation. */
  readonly name: string;
  /** Heading in the navigation that it stands below, with others of the same; none by default. */
  readonly group?: string;
  /** What needs somebody, as it is now; asked for with every page, at most every five seconds. */
  attention(): Promise<readonly ConsoleAttention[]>;
  /** A page by its name, empty for the first one; null where there is none. */
  page(view: ConsoleView, name: string): Promise<ConsolePage | null>;
  /** By name: `POST <path>/<name>`. */
  readonly actions: Readonly<Record<string, ConsoleAction>>;
}
