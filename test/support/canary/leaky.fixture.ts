import { it } from '@jest/globals';

import { testMarketplace } from '../marketplaces.js';

it('passes, and prints a key', () => {
  const [key] = testMarketplace('leaky').api.keys;
  process.stdout.write(`the key is ${key!.reveal()}\n`);
});
