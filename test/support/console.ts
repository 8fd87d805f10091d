import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

import {
  type ConsoleAuditOptions,
  type ConsolePerson,
  type ConsoleRole,
  MaestranoConsoleModule,
} from '../../src/console/index.js';
import type { Sandbox } from '../../src/sandbox/index.js';
import type { IncomingRequest } from '../../src/utils/incoming-request.js';

/** Lets in whoever brings the header that a company's proxy would add. */
@Injectable()
export class StaffGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<IncomingRequest>().headers['x-staff'] !== undefined;
  }
}

/** `Ines=view,replay` as a person. */
export function staffOf({ headers }: Pick<IncomingRequest, 'headers'>): ConsolePerson | null {
  const [name = '', roles = ''] = String(headers['x-staff']).split('=');
  return { name, roles: roles.split(',') as ConsoleRole[] };
}

/** The console as tests mount it. */
export function consoleModule(audit: ConsoleAuditOptions = {}, path?: string) {
  return MaestranoConsoleModule.forRoot({
    guard: StaffGuard,
    roles: staffOf,
    audit,
    ...(path === undefined ? {} : { path }),
  });
}

/** A page as somebody sees it. */
export class SeenPage {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    readonly text: string,
    readonly url: string,
  ) {}

  get title(): string {
    return plain(/<h1>([\s\S]*?)<\/h1>/.exec(this.text)?.[1] ?? '');
  }

  /** What the page says, without markup. */
  get words(): string {
    return plain(this.text.slice(this.text.indexOf('<main')));
  }

  /** Address of the first link whose text begins so. */
  link(text: string): string {
    for (const [, href = '', label = ''] of this.text.matchAll(
      /<a\b[^>]*\bhref="([^"]*)"[^>]*>([\s\S]*?)<\/a\s*>/g,
    )) {
      if (plain(label).startsWith(text)) return new URL(unescape(href), this.url).href;
    }
    throw new Error(`No link “${text}” on “${this.title}”: ${this.words.slice(0, 2_000)}`);
  }

  /** All forms that are posted: where they go, and their fields, those to be filled in as they are. */
  get forms(): readonly { readonly action: string; readonly fields: URLSearchParams }[] {
    return [...this.text.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)]
      .filter(([, attributes = '']) => attributes.includes('method="post"'))
      .map(([, attributes = '', content = '']) => {
        const fields = new URLSearchParams();
        for (const [input] of content.matchAll(/<input\b[^>]*>/g)) {
          const value = /\bvalue="([^"]*)"/.exec(input)?.[1] ?? '';
          fields.set(/\bname="([^"]*)"/.exec(input)?.[1] ?? '', unescape(value));
        }
        const action = unescape(/action="([^"]*)"/.exec(attributes)?.[1] ?? '');
        return { action: new URL(action, this.url).href, fields };
      });
  }

  /** The form with a button whose text begins so: where it goes, and its hidden fields. */
  form(button: string): { readonly action: string; readonly fields: URLSearchParams } {
    for (const [, attributes = '', content = ''] of this.text.matchAll(
      /<form\b([^>]*)>([\s\S]*?)<\/form>/g,
    )) {
      const labels = [...content.matchAll(/<button\b[^>]*>([\s\S]*?)<\/button>/g)].map(([, label = '']) =>
        plain(label),
      );
      if (!labels.some((label) => label.startsWith(button))) continue;
      const fields = new URLSearchParams();
      for (const [input] of content.matchAll(/<input type="hidden"[^>]*>/g)) {
        const value = / value="([^"]*)"/.exec(input)?.[1] ?? '';
        fields.set(/ name="([^"]*)"/.exec(input)?.[1] ?? '', unescape(value));
      }
      const action = unescape(/action="([^"]*)"/.exec(attributes)?.[1] ?? '');
      return { action: new URL(action, this.url).href, fields };
    }
    throw new Error(`No form “${button}” on “${this.title}”: ${this.words.slice(0, 2_000)}`);
  }
}

/** Somebody who uses the console with a browser that has no script. */
export class Operator {
  constructor(
    /** Where the console is. */
    readonly base: string,
    readonly staff = 'Ines Okafor=view,replay,money',
  ) {}

  as(staff: string): Operator {
    return new Operator(this.base, staff);
  }

  /** Opens a page: below the console, or a whole address. */
  async open(path = '', headers: Readonly<Record<string, string>> = {}): Promise<SeenPage> {
    const url = path.startsWith('http') ? path : this.base + path;
    const response = await fetch(url, {
      headers: { 'x-staff': this.staff, accept: 'text/html', ...headers },
    });
    return new SeenPage(response.status, response.headers, await response.text(), url);
  }

  /** A page as data. */
  async data<T = unknown>(path = ''): Promise<T> {
    const response = await fetch(this.base + path, {
      headers: { 'x-staff': this.staff, accept: 'application/json' },
    });
    return (await response.json()) as T;
  }

  /** Follows a link. */
  async follow(page: SeenPage, text: string): Promise<SeenPage> {
    return this.open(page.link(text));
  }

  /** Presses a button, and follows where it leads. */
  async press(
    page: SeenPage,
    button: string,
    more: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<SeenPage> {
    const { action, fields } = page.form(button);
    for (const [name, value] of Object.entries(more)) fields.set(name, value);
    return this.post(action, fields, headers);
  }

  /** Posts a form. */
  async post(
    url: string,
    fields: URLSearchParams,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<SeenPage> {
    const response = await fetch(url, {
      method: 'POST',
      body: fields,
      redirect: 'manual',
      headers: { 'x-staff': this.staff, accept: 'text/html', ...headers },
    });
    const location = response.headers.get('location');
    if (location !== null) return this.open(new URL(location, url).href);
    return new SeenPage(response.status, response.headers, await response.text(), url);
  }
}

/** Makes a charge whose response gets lost, at a marketplace that then does not say which charges there are. */
export async function losesResponse(
  sandbox: Pick<Sandbox, 'faults'>,
  charge: () => Promise<unknown>,
): Promise<void> {
  const post = sandbox.faults.next('POST account/bills', { latency: 400, applyThenDrop: true });
  const outcome = charge().then(
    () => 'made',
    (error: unknown) => (error as { readonly code: string }).code,
  );
  const end = Date.now() + 20_000;
  while (post.strikes === 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
  const away = sandbox.faults.add({ route: 'GET account/bills' }, { status: 503 });
  const code = await outcome;
  sandbox.faults.remove(away.id);
  if (code !== 'account.undecided') throw new Error(`The charge is not undecided: ${code}`);
}

function plain(markup: string): string {
  return unescape(markup.replaceAll(/<[^>]*>/g, ' '))
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
