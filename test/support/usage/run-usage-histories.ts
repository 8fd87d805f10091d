/** Runs histories in a process of its own, until one ends wrong: `run-usage-histories.js <histories> <options as JSON>`. */
import { usageHistory } from './usage-history.js';

const [count, options] = process.argv.slice(2) as [string, string];
const caught: string[] = [];
for (let seed = 1; seed <= Number(count) && caught.length === 0; seed += 1) {
  try {
    const { bad } = await usageHistory(seed, JSON.parse(options) as { weekly?: boolean });
    if (bad.length > 0) caught.push(`${seed}: ${bad.join(', ')}`);
  } catch (error) {
    caught.push(`${seed}: ${String(error)}`);
  }
}
console.log(JSON.stringify(caught));
