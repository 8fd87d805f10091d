import { relative } from 'node:path';

import Sequencer from '@jest/test-sequencer';

/**
 * The files that take longest, longest first. Jest knows by its cache what took long, and a clean clone has none: by
 * the sizes of the files, one of these might be the last to begin, and be waited for alone.
 */
const LONG = [
  'package/matrix',
  'e2e/sandbox-pages',
  'security/hostile-responses',
  'e2e/console-every-page',
  'e2e/compliance',
  'property/create-once-altered',
  'package/commands',
  'package/tarball',
  'sql/samples',
  'e2e/large-bodies',
  'property/usage-histories',
  'property/create-once',
  'e2e/sandbox-pages-measured',
  'e2e/console-drills',
  'e2e/browser',
  'e2e/sample-browser',
  'e2e/queue-crash',
  'package/docs',
].map((name) => `test/${name}.spec.ts`);

/** Jest's order, but for the files of which it is known that they take long. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path, context }) => {
      const found = LONG.indexOf(relative(context.config.rootDir, path).replaceAll('\\', '/'));
      return found === -1 ? LONG.length : found;
    };
    return super.sort(tests).sort((one, other) => place(one) - place(other));
  }
}
