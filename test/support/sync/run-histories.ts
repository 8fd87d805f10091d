/** Runs histories in a process of its own, until more end wrong than may: `run-histories.js <setups as JSON> <histories>`. */
import { allowedLosses, history, losses, SETUPS } from './history.js';

const [names, count] = process.argv.slice(2) as [string, string];
const caught: string[] = [];
for (const name of JSON.parse(names) as string[]) {
  const lost: string[] = [];
  const allowed = allowedLosses(SETUPS[name]!, Number(count));
  for (let seed = 1; seed <= Number(count) && lost.length <= allowed && caught.length === 0; seed += 1) {
    try {
      const { bad, restless } = await history(seed * 7_919, SETUPS[name]!.options);
      const found = restless ? [...losses(bad), 'restless'] : losses(bad);
      if (found.length > 0) lost.push(`${name} ${seed}: ${found.join(', ')}`);
    } catch (error) {
      caught.push(`${name} ${seed}: ${String(error)}`);
    }
  }
  if (lost.length > allowed) caught.push(...lost);
}
console.log(JSON.stringify(caught));
