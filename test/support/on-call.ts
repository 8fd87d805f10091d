import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';

/** A cause is found from the overview in at most so many steps. */
const MAX_STEPS = 4;

/** A person who follows links and presses buttons, and counts. */
export class OnCall {
  steps = 0;

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
    await this.page.getByRole('link', { name }).first().click();
  }

  async press(name: string): Promise<void> {
    this.steps += 1;
    await this.page.getByRole('button', { name }).first().click();
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
