import { describe, expect, it } from '@jest/globals';

import { examplesPresent, oracleExamples, playExample } from '../../support/usage/oracle-examples.js';

(examplesPresent ? describe : describe.skip)('check 1: the worked examples in memory', () => {
  it.each((examplesPresent ? oracleExamples() : []).map((example) => [example.name, example] as const))(
    '%s',
    async (_name, example) => {
      expect(await playExample(example, undefined)).toEqual(example.expected);
    },
  );
});
