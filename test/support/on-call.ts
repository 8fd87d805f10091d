import { expect } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';

/** A cause is found from the overview in at most so many steps. */
const MAX_STEPS = 4;

/** Whoever presses the key Tab so often without coming to what is wanted does not find it. */
const MAX_TABS = 200;

/** A person who follows links and presses buttons, and counts. */
export class OnCall {
  steps = 0;
  /** Whether links and buttons are used by the keys Tab and Enter alone. */
  hasKeysOnly = false;

  constructor(readonly page: Page) {}

  /** Opens the overview, again and again until it says something: what needs somebody is asked for every five seconds. */
  async begin(url: string, says: string): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      await this.page.goto(url);
      if ((await this.words()).includes(says)) break;
      if (tries > 60) throw new Error(`The overview never said “${says}”: ${await this.words()}`);
      await this.page.waitForTimeout(250);
    }
    this.steps = 0;
  }

  async follow(name: string): Promise<void> {
    this.steps += 1;
    await this.#use(this.page.getByRole('link', { name }).first());
  }

  async press(name: string): Promise<void> {
    this.steps += 1;
    await this.#use(this.page.getByRole('button', { name }).first());
  }

  async #use(control: Locator): Promise<void> {
    if (!this.hasKeysOnly) return control.click();
    await control.waitFor();
    const focused = control.and(this.page.locator(':focus'));
    for (let tabs = 0; (await focused.count()) === 0; tabs += 1) {
      if (tabs === MAX_TABS) throw new Error(`No tab leads to ${String(control)} on ${this.page.url()}.`);
      await this.page.keyboard.press('Tab');
    }
    const opened = this.page.waitForEvent('domcontentloaded');
    await this.page.keyboard.press('Enter');
    await opened;
  }

  async words(): Promise<string> {
    return ((await this.page.locator('main').textContent()) ?? '').replaceAll(/\s+/g, ' ');
  }

  /** The page says it, in few enough steps. */
  async sees(...texts: readonly string[]): Promise<void> {
    const words = await this.words();
    for (const text of texts) expect(words).toContain(text);
    expect(this.steps).toBeLessThanOrEqual(MAX_STEPS);
  }
}
