import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger, NotFoundException, ServiceUnavailableException } from '@nestjs/common';

import { AdapterResolver } from '../../../src/adapters/adapter-resolver.js';
import { MaestranoAdapterError } from '../../../src/errors/adapter.error.js';
import { MaestranoEvents } from '../../../src/events/maestrano-events.service.js';
import type { SessionService } from '../../../src/session/session.service.js';
import { DeletedGroupsService } from '../../../src/stores/deleted-groups.service.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { AccountWebhooksService } from '../../../src/webhooks/account-webhooks.service.js';
import { errorOf } from '../../support/error-of.js';
import { registeredMarketplace } from '../../support/marketplaces.js';

const uat = registeredMarketplace('uat');
const virtual = registeredMarketplace('virtual', { sso: { creation_mode: 'virtual' } });
const REQUEST = {};
const events = new MaestranoEvents();

let order: string[];
let adapter: Record<string, jest.Mock<(...args: unknown[]) => Promise<void>>>;
let closing: Error | null;
let deletedGroups: DeletedGroupsService;
let service: AccountWebhooksService;
let logged: jest.SpiedFunction<Logger['error']>;

function step(name: string): jest.Mock<(...args: unknown[]) => Promise<void>> {
  return jest.fn(() => {
    order.push(name);
    return Promise.resolve();
  });
}

beforeEach(() => {
  logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  order = [];
  closing = null;
  adapter = {
    beforeGroupDeletion: step('before'),
    deleteGroup: step('delete'),
    removeMember: step('remove'),
  };
  const close = (name: string) => (): Promise<void> => {
    order.push(name);
    return closing ? Promise.reject(closing) : Promise.resolve();
  };
  const sessions = { closeGroup: close('closeGroup'), closeMembership: close('closeMembership') };
  deletedGroups = new DeletedGroupsService(new MemoryStore());
  service = new AccountWebhooksService(
    Object.assign(new AdapterResolver(null as never, new Map(), 200), {
      group: () => Promise.resolve(adapter),
    } as object),
    sessions as unknown as SessionService,
    deletedGroups,
    events,
  );
});
afterEach(() => void jest.restoreAllMocks());

describe('deleting a group', () => {
  it('marks the group and stops its work, asks the hook, deletes, and closes its sessions, in this order', async () => {
    deletedGroups.register({ stop: step('stop') });
    deletedGroups.register({ discard: step('discard') });
    await service.deleteGroup(uat, 'cld-1', REQUEST);
    expect(order).toEqual(['stop', 'before', 'delete', 'discard', 'closeGroup']);
    const context = { marketplace: uat, request: REQUEST };
    expect(adapter.deleteGroup).toHaveBeenCalledWith({ marketplace: 'uat', groupUid: 'cld-1' }, context);
    expect(await deletedGroups.deletedAt('uat', 'cld-1')).toBeInstanceOf(Date);
  });

  it.each(['beforeGroupDeletion', 'deleteGroup'])(
    'leaves the sessions as they were when %s fails, and takes no notifications any more',
    async (method) => {
      adapter[method]?.mockRejectedValueOnce(new Error('database'));
      await expect(service.deleteGroup(uat, 'cld-1', REQUEST)).rejects.toMatchObject({
        code: 'webhook.adapter',
        httpStatus: 500,
        marketplace: 'uat',
      });
      expect(order).not.toContain('closeGroup');
      expect(await deletedGroups.deletedAt('uat', 'cld-1')).toBeInstanceOf(Date);
      await service.deleteGroup(uat, 'cld-1', REQUEST);
      expect(order.at(-1)).toBe('closeGroup');
    },
  );

  it('finishes at the repetition when sessions could not be closed', async () => {
    closing = new Error('store');
    await expect(service.deleteGroup(uat, 'cld-1', REQUEST)).rejects.toMatchObject({
      code: 'webhook.cleanup',
      httpStatus: 500,
    });
    closing = null;
    await service.deleteGroup(uat, 'cld-1', REQUEST);
    expect(order).toEqual(['before', 'delete', 'closeGroup', 'before', 'delete', 'closeGroup']);
  });

  it('lets no response below 500 of an adapter end the repetitions, and passes on the others', async () => {
    adapter.deleteGroup?.mockRejectedValueOnce(new NotFoundException());
    await expect(service.deleteGroup(uat, 'cld-1', REQUEST)).rejects.toMatchObject({ httpStatus: 500 });
    const unavailable = new ServiceUnavailableException();
    adapter.deleteGroup?.mockRejectedValueOnce(unavailable);
    await expect(service.deleteGroup(uat, 'cld-1', REQUEST)).rejects.toBe(unavailable);
    const missing = new MaestranoAdapterError('adapter.missing', {
      message: 'No MaestranoGroupAdapter is provided.',
    });
    adapter.deleteGroup?.mockRejectedValueOnce(missing);
    await expect(service.deleteGroup(uat, 'cld-1', REQUEST)).rejects.toBe(missing);
  });

  it('logs why it failed, and does not tell the caller', async () => {
    adapter.deleteGroup?.mockRejectedValueOnce(new Error('connect postgres://user:hunter2@db'));
    const error = await errorOf(service.deleteGroup(uat, 'cld-1', REQUEST));
    expect(String(error)).not.toContain('hunter2');
    expect(logged).toHaveBeenCalledTimes(1);
    const [line, place] = logged.mock.calls[0] as [string, string];
    expect(line).toBe(
      'The group adapter could not delete the group. ' +
        '{"marketplace":"uat","group":"cld-1","request":null,"code":"webhook.adapter"}',
    );
    expect(place).toMatch(/^Error\n +at /);
    expect(place).not.toContain('hunter2');
  });

  it('names group and request in the log, in one short line whatever they are called', async () => {
    adapter.removeMember?.mockRejectedValueOnce(new Error('database'));
    const request = { headers: { 'x-request-id': `req-1\n${'x'.repeat(100)}` } };
    await service.removeUser(uat, `cld-1\n${'y'.repeat(200)}`, 'usr-1', request).catch(() => undefined);
    const [line] = logged.mock.calls.at(-1) as [string];
    expect(line).toContain(`"group":"cld-1\\n${'y'.repeat(58)}","request":"req-1\\n${'x'.repeat(58)}"`);
    expect(line).not.toContain('\n');
  });

  it('runs once for calls that come at the same time, and apart for other groups and marketplaces', async () => {
    await Promise.all([
      ...Array.from({ length: 5 }, () => service.deleteGroup(uat, 'cld-1', REQUEST)),
      service.deleteGroup(uat, 'cld-2', REQUEST),
      service.deleteGroup(virtual, 'cld-1', REQUEST),
    ]);
    expect(adapter.deleteGroup).toHaveBeenCalledTimes(3);
    await service.deleteGroup(uat, 'cld-1', REQUEST);
    expect(adapter.deleteGroup).toHaveBeenCalledTimes(4);
  });
});

describe('an adapter that takes too long', () => {
  it.each([
    ['deleteGroup', () => service.deleteGroup(uat, 'cld-1', REQUEST), 'closeGroup'],
    ['beforeGroupDeletion', () => service.deleteGroup(uat, 'cld-1', REQUEST), 'closeGroup'],
    ['removeMember', () => service.removeUser(uat, 'cld-1', 'usr-1', REQUEST), 'closeMembership'],
  ])('%s: 503, never twice at once, and the repetition finishes the work', async (method, call, last) => {
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    let end: () => void = () => undefined;
    adapter[method]?.mockReturnValueOnce(new Promise<void>((resolve) => (end = resolve)));
    const slow = { code: 'adapter.timeout', httpStatus: 503 };
    await expect(call()).rejects.toMatchObject(slow);
    expect(warned).toHaveBeenCalledWith(expect.stringMatching(/did not end within 200 ms/));
    await expect(call()).rejects.toMatchObject(slow);
    expect(adapter[method]).toHaveBeenCalledTimes(1);
    expect(order).not.toContain(last);
    const repeated = call();
    // It waits for the call under way by then.
    await new Promise((resolve) => setImmediate(resolve));
    end();
    await repeated;
    expect(adapter[method]).toHaveBeenCalledTimes(1);
    expect(order.at(-1)).toBe(last);
    await call();
    expect(adapter[method]).toHaveBeenCalledTimes(2);
  });
});

describe('removing a user', () => {
  it.each([
    [uat, 'usr-1', 'usr-1'],
    [uat, 'usr-1.cld-9', 'usr-1'],
    [virtual, 'usr-1', 'usr-1.cld-1'],
    [virtual, 'usr-1.cld-9', 'usr-1.cld-1'],
  ])('masks the uid as the application stores it', async (marketplace, sent, stored) => {
    await service.removeUser(marketplace, 'cld-1', sent, REQUEST);
    expect(order).toEqual(['remove', 'closeMembership']);
    expect(adapter.removeMember).toHaveBeenCalledWith(
      { marketplace: marketplace.name, groupUid: 'cld-1', userUid: stored, realUserUid: 'usr-1' },
      { marketplace, request: REQUEST },
    );
  });

  it('closes no session when the adapter fails', async () => {
    adapter.removeMember?.mockRejectedValueOnce('no error object');
    await expect(service.removeUser(uat, 'cld-1', 'usr-1', REQUEST)).rejects.toMatchObject({
      code: 'webhook.adapter',
    });
    expect(order).not.toContain('closeMembership');
  });
});
