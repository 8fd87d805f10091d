import { Injectable } from '@nestjs/common';

import { PACKAGE_VERSION } from '../utils/package-version.js';
import { html, type Html } from '../views/html.js';
import { layout, type Place, type Site, standalone } from '../views/layout.js';
import type { Tone } from '../views/parts.js';
import type { ConsolePage, ConsoleSection } from './console-section.js';
import { ConsoleSections, type SectionAttention } from './console-sections.js';
import type { ConsoleView } from './console-view.js';

/** What the last action came to. */
export interface ConsoleNotice {
  readonly text: string;
  readonly tone: Tone;
}

/** Puts the frame of the console around its pages: navigation with what needs somebody, who one is, notice. */
@Injectable()
export class ConsoleFrame {
  constructor(private readonly sections: ConsoleSections) {}

  async render(
    view: ConsoleView,
    section: ConsoleSection | null,
    page: ConsolePage,
    notice: ConsoleNotice | null,
  ): Promise<string> {
    const attention = await this.sections.attention();
    const query = Object.fromEntries(view.query);
    return layout(this.#site(view, attention), {
      title: page.title,
      lead: page.lead,
      actions: page.actions,
      body: page.body,
      ...(section ? { active: view.link(section.path) } : {}),
      crumbs: page.crumbs ?? [],
      notice,
      now: new Date(view.now).toISOString(),
      exact: view.query.get('times') === 'exact',
      exactHref: `?${new URLSearchParams({ ...query, did: '', times: 'exact' }).toString()}`,
    });
  }

  /** A page for somebody who gets no other: what happened, without anything of the console. */
  refused(title: string, text: string): string {
    return standalone(
      title,
      html`<div class="card">
        <h1>${title}</h1>
        <p>${text}</p>
      </div>`,
    );
  }

  /** The sections below their headings, which come in the order of their first section. */
  #navigation(view: ConsoleView, attention: readonly SectionAttention[]): Site['navigation'] {
    const groups = new Map<string, Place[]>();
    for (const { path, name, group = '' } of this.sections.list()) {
      const problems = path === '' ? 0 : attention.filter(({ section }) => section.path === path).length;
      const place = { path: view.link(path), name, problems };
      const places = groups.get(group);
      if (places) places.push(place);
      else groups.set(group, [place]);
    }
    return Array.from(groups, ([title, places]) => ({ title, places }));
  }

  #site(view: ConsoleView, attention: readonly SectionAttention[]): Site {
    return {
      base: view.base,
      name: 'Maestrano console',
      kind: 'console',
      brand: { name: 'Maestrano', small: 'operator console' },
      navigation: this.#navigation(view, attention),
      status: html`<b>${environment()}</b> · every action is written to the audit log`,
      foot: footOf(view),
    };
  }
}

function environment(): string {
  const name = process.env['NODE_ENV'];
  return name ? name.charAt(0).toUpperCase() + name.slice(1) : 'No NODE_ENV';
}

function footOf({ person }: ConsoleView): Html {
  return html`nestjs-maestrano ${PACKAGE_VERSION}<br /><b>${person.name}</b>: ${person.roles.join(', ')}`;
}
