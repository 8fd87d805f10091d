import type { Page } from 'playwright-core';

/** Whoever presses the key so often without coming round is caught. */
const MAX_STOPS = 400;

/** What a person meets on the way through a page with the key Tab. */
export interface TabStops {
  /** Interactive things that the key never came to, as markup. */
  readonly missed: readonly string[];
  /** Things that did not show that they have the focus. */
  readonly unseen: readonly string[];
  /** How many things were come to. */
  readonly stops: number;
}

/**
 * Goes through a page with the key Tab alone, once round: every link, button, field and summary that is shown must be come
 * to, and show it.
 */
export async function tabThrough(page: Page): Promise<TabStops> {
  const wanted = await page.evaluate<number>(`(() => {
    const shown = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('details:not([open]) > :not(summary)');
    const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')];
    window.wanted = all.filter((one) => shown(one) && !one.disabled);
    window.met = [];
    window.unseen = [];
    document.addEventListener('focusin', ({ target }) => {
      window.met.push(target);
      const { outlineStyle, outlineWidth } = getComputedStyle(target);
      const box = target.getBoundingClientRect();
      const seen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
      const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
      if (!seen || !inside) window.unseen.push(target.outerHTML.slice(0, 100));
    });
    document.activeElement?.blur();
    // A date is three stops and a button.
    return window.wanted.length + 3 * window.wanted.filter(({ type }) => type === 'date').length;
  })()`);
  const presses = Math.min(wanted + 2, MAX_STOPS);
  for (let press = 0; press < presses; press += 1) await page.keyboard.press('Tab');
  return page.evaluate<TabStops>(`(() => ({
    missed: window.wanted.filter((one) => !window.met.includes(one)).map((one) => one.outerHTML.slice(0, 100)),
    unseen: window.unseen,
    stops: new Set(window.met).size,
  }))()`);
}

/** A form as somebody without a script has it. */
export interface PlainForm {
  readonly method: string;
  readonly action: string;
  /** Names and values as they are sent unchanged. */
  readonly fields: readonly (readonly [string, string])[];
  /** Where its further buttons post it to. */
  readonly others: readonly string[];
  /** Whether it has a button, without which only a script could send it. */
  readonly hasButton: boolean;
}

/** What a page leads on to. */
export interface WaysOn {
  /** Addresses of the same site, without their fragments. */
  readonly links: readonly string[];
  /** Links to a fragment that is not there. */
  readonly dangling: readonly string[];
  readonly forms: readonly PlainForm[];
  /** Buttons that are shown and that nothing happens behind without a script. */
  readonly dead: readonly string[];
}

/** What a page leads on to, for somebody without a script. */
export function waysOn(page: Page): Promise<WaysOn> {
  return page.evaluate<WaysOn>(`(() => {
    const links = [...document.querySelectorAll('a[href]')];
    const inside = (one) => one.origin === location.origin;
    const forms = [...document.forms];
    return {
      links: links.filter(inside).map((one) => one.pathname + one.search),
      dangling: links
        .filter((one) => inside(one) && one.hash.length > 1 && one.pathname === location.pathname && !document.getElementById(one.hash.slice(1)))
        .map((one) => one.getAttribute('href')),
      forms: forms.map((one) => ({
        method: one.method,
        action: new URL(one.action).pathname,
        fields: [...new FormData(one)].map(([name, value]) => [name, String(value)]),
        others: [...one.querySelectorAll('button[formaction]')].map((button) => new URL(button.formAction).pathname),
        hasButton: [...one.elements].some((field) => field.matches('button, input[type=submit]') && field.type !== 'button'),
      })),
      dead: [...document.querySelectorAll('button')]
        .filter((one) => one.checkVisibility() && (!one.form || one.type === 'button'))
        .map((one) => one.outerHTML.slice(0, 100)),
    };
  })()`);
}
