import { describe, expect, it, jest } from '@jest/globals';
import { ApplicationConfig } from '@nestjs/core';

import { MetadataService } from '../../../src/metadata/metadata.service.js';
import { EffectivePath } from '../../../src/routing/table/effective-path.service.js';
import { synchronizationFeature } from '../../../src/synchronization/synchronization.feature.js';
import { registeredMarketplace } from '../../support/marketplaces.js';

function service(globalPrefix = '', synchronization = false): MetadataService {
  const config = new ApplicationConfig();
  if (globalPrefix) config.setGlobalPrefix(globalPrefix);
  const { endpoints } = synchronizationFeature({ routes: { synchronization } });
  return new MetadataService(new EffectivePath(config), { endpoints, prefix: 'maestrano' });
}

/** Every path of a value that holds something, dotted. */
function leaves(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, path === '' ? key : `${path}.${key}`));
}

describe('MetadataService', () => {
  const uat = registeredMarketplace('uat', { nid: 'timesheets-uat', environment: 'timesheets' });

  it('has exactly the documented keys of both generations', () => {
    expect(leaves(service().build(uat)).sort()).toEqual(
      [
        'nid',
        'marketplace',
        'environment',
        ...[
          'host',
          'synchronization_start_path',
          'synchronization_toggle_path',
          'synchronization_status_path',
        ].map((key) => `app.${key}`),
        ...['id', 'host', 'base', 'version', 'lang', 'lang_version'].map((key) => `api.${key}`),
        ...[
          'enabled',
          'slo_enabled',
          'creation_mode',
          'init_path',
          'consume_path',
          'idm',
          'idp',
          'name_id_format',
          'x509_fingerprint',
          'x509_certificate',
        ].map((key) => `sso.${key}`),
        ...['enabled', 'host', 'base_path', 'timeout'].map((key) => `connec.${key}`),
        ...['groups_path', 'group_users_path'].map((key) => `webhook.account.${key}`),
        ...['notifications_path', 'external_ids', 'initialization_path'].map(
          (key) => `webhook.connec.${key}`,
        ),
        ...['group_path', 'group_user_path'].map((key) => `webhooks.account.${key}`),
        ...['notification_path', 'external_ids', 'initialization_path'].map(
          (key) => `webhooks.connec.${key}`,
        ),
      ].sort(),
    );
  });

  it('lists which entities are subscribed', () => {
    const subscribed = registeredMarketplace('uat', {
      webhooks: { connec: { subscriptions: { people: true, accounts: false } } },
    });
    expect(service().build(subscribed).webhook.connec.subscriptions).toEqual({
      people: true,
      accounts: false,
    });
  });

  it('puts the global prefix before paths that have it not', () => {
    const own = registeredMarketplace('uat', { sso: { init_path: '/api/init?marketplace=uat' } });
    const { sso, webhooks } = service('api').build(own);
    expect(sso.init_path).toBe('/api/init?marketplace=uat');
    expect(sso.consume_path).toBe('/api/maestrano/auth/saml/consume/uat');
    expect(webhooks.account.group_user_path).toBe('/api/maestrano/account/groups/:group_id/users/:id/uat');
  });

  it('names the conventional synchronization paths where they are served, and none where not', () => {
    expect(service('', true).build(uat).app).toMatchObject({
      synchronization_start_path: '/maestrano/uat/synchronizations',
      synchronization_toggle_path: '/maestrano/uat/synchronizations/toggle_sync',
      synchronization_status_path: '/maestrano/uat/synchronizations/:cld-uid',
    });
    expect(service().build(uat).app.synchronization_start_path).toBeNull();
  });

  it('keeps the text of a snapshot, and makes a new one for a new snapshot', () => {
    const subject = service();
    const build = jest.spyOn(subject, 'build');
    expect(subject.text(uat)).toBe(subject.text(uat));
    expect(build).toHaveBeenCalledTimes(1);
    expect(JSON.parse(subject.text(uat))).toEqual(JSON.parse(JSON.stringify(subject.build(uat))));
    expect(subject.text(registeredMarketplace('uat', { nid: 'other' }))).toContain('"nid":"other"');
  });

  it('never contains a key', () => {
    const rotating = registeredMarketplace('uat', { api: { key: ['first-key', 'second-key'] } });
    expect(service().text(rotating)).not.toMatch(/first-key|second-key|\[secret\]/);
  });
});
