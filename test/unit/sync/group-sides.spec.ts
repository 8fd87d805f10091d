import { describe, expect, it } from '@jest/globals';

import { scopeOf } from '../../../src/sync/group-sides.js';
import { MemorySyncStore } from '../../../src/sync/index.js';

const options = { entities: [], store: new MemorySyncStore(), owner: { provider: 'my-app', realm: 'main' } };

describe('a group that no compiler looked at', () => {
  it.each([
    undefined,
    {},
    { groupUid: 'cld-1' },
    { marketplace: 'acme' },
    { marketplace: 'acme', groupUid: '' },
  ])('is none where it is %p', (group) => {
    expect(() => scopeOf(options, group as never)).toThrow(
      expect.objectContaining({
        code: 'sync.operation',
        message: expect.stringMatching(/No group is named/),
      }),
    );
  });
});
