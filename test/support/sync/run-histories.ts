/** Runs histories in a process of its own, until more end wrong than may: `run-histories.js <setups as JSON> <histories>`. */
import { allowedLosses, history, losses, SETUPS } from './history.js';
import { itemHistory, memoryItems } from './item-history.js';

const ITEMS = 'items of two records';

/** What is wrong at the end of one history of a setup, by name. */
async function lossesOf(name: string, seed: number): Promise<readonly string[]> {
  if (name === ITEMS) return itemHistory(seed, memoryItems());
  const { bad, restless } = await history(seed, SETUPS[name]!.options);
  return restless ? [...losses(bad), 'restless'] : losses(bad);
}

const [names, count] = process.argv.slice(2) as [string, string];
const caught: string[] = [];
for (const name of JSON.parse(names) as string[]) {
  const lost: string[] = [];
  const allowed = name === ITEMS ? 0 : allowedLosses(SETUPS[name]!, Number(count));
  for (let seed = 1; seed <= Number(count) && lost.length <= allowed && caught.length === 0; seed += 1) {
    try {
      const found = await lossesOf(name, seed * 7_919);
      if (found.length > 0) lost.push(`${name} ${seed}: ${found.join(', ')}`);
    } catch (error) {
      caught.push(`${name} ${seed}: ${String(error)}`);
    }
  }
  if (lost.length > allowed) caught.push(...lost);
}
console.log(JSON.stringify(caught));
