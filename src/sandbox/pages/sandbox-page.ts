import { html } from '../../views/html.js';
import { layout, type PageContent, type Site } from '../../views/layout.js';

const SANDBOX: Site = {
  name: 'Sandbox marketplace',
  brand: html`Maestrano <small>sandbox</small>`,
  navigation: [
    ['/', 'Home'],
    ['/marketplaces', 'Marketplaces'],
    ['/people', 'Users and groups'],
    ['/bills', 'Bills'],
    ['/data', 'Connec!'],
    ['/webhooks', 'Webhooks'],
    ['/journal', 'Journal'],
    ['/faults', 'Faults and clock'],
  ],
};

/** A page of the sandbox. */
export function sandboxPage(content: PageContent): string {
  return layout(SANDBOX, content);
}

/** Hundredths as people read money. */
export function money(cents: number, currency: string): string {
  return `${(cents / 100).toFixed(2)} ${currency}`;
}
