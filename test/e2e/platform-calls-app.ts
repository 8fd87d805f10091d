import { Body, Controller, Get, Injectable, Post, UseGuards } from '@nestjs/common';

import {
  CurrentMarketplace,
  ForMarketplace,
  type GroupReference,
  MaestranoBasicAuthGuard,
  MaestranoGroupAdapter,
  MaestranoSynchronizationAdapter,
  type Marketplace,
  type MembershipReference,
  type SynchronizationRequest,
  type SynchronizationState,
} from '../../src/index.js';
import { marketplaceInput } from '../support/marketplaces.js';
import type { HttpAdapterName } from '../support/http-adapters.js';
import {
  type TestApplication,
  testApplication,
  type TestApplicationOptions,
} from '../support/application.js';

/** What the adapters were told, in order, and what they are to throw. */
@Injectable()
export class Calls {
  readonly list: unknown[][] = [];
  fail: Error | null = null;

  tell(...call: unknown[]): void {
    this.list.push(call);
    if (this.fail) throw this.fail;
  }
}

@Injectable()
export class GroupAdapter extends MaestranoGroupAdapter<string, string> {
  constructor(private readonly calls: Calls) {
    super();
  }

  override findOrCreateGroup(): string {
    return 'group';
  }

  override hasMember(): boolean {
    return true;
  }

  override addMember(): void {}

  override beforeGroupDeletion({ groupUid }: GroupReference): void {
    this.calls.list.push(['beforeGroupDeletion', groupUid]);
  }

  override deleteGroup({ marketplace, groupUid }: GroupReference): void {
    this.calls.tell('deleteGroup', marketplace, groupUid);
  }

  override removeMember({ marketplace, groupUid, userUid, realUserUid }: MembershipReference): void {
    this.calls.tell('removeMember', marketplace, groupUid, userUid, realUserUid);
  }
}

@Injectable()
class SynchronizationAdapter extends MaestranoSynchronizationAdapter {
  constructor(private readonly calls: Calls) {
    super();
  }

  override start({ groupUid }: GroupReference, request: SynchronizationRequest): SynchronizationState | null {
    this.calls.tell('start', groupUid, request);
    return groupUid === 'cld-unknown' ? null : { enabled: true, status: 'ENQUEUED' };
  }

  override toggle({ groupUid }: GroupReference): Promise<SynchronizationState> {
    this.calls.tell('toggle', groupUid);
    return Promise.resolve({ enabled: false, status: 'DISABLED' });
  }

  override status({ groupUid }: GroupReference): SynchronizationState | null {
    this.calls.tell('status', groupUid);
    if (groupUid === 'cld-unknown') return null;
    return {
      enabled: true,
      status: 'SUCCESS',
      message: null,
      updatedAt: new Date('2016-08-01T15:30:20.500Z'),
    };
  }
}

/** Routes of the application's own behind our guard. */
@Controller('exports')
@UseGuards(MaestranoBasicAuthGuard)
class ExportsController {
  @Get('any')
  any(@CurrentMarketplace() marketplace: Marketplace): object {
    return { marketplace: marketplace.name };
  }

  @Get('uat')
  @ForMarketplace('uat')
  uat(@CurrentMarketplace() marketplace: Marketplace): object {
    return { marketplace: marketplace.name };
  }

  @Get('of/:marketplace')
  @ForMarketplace({ param: 'marketplace' })
  named(@CurrentMarketplace() marketplace: Marketplace): object {
    return { marketplace: marketplace.name };
  }
}

/** A route that has nothing to do with us. */
@Controller('own')
class OwnController {
  @Post()
  size(@Body() body: unknown): object {
    return { size: JSON.stringify(body).length };
  }
}

/** Synchronization paths as the developer platform delivers them (protocol §1.6). */
const SYNCHRONIZATION = {
  synchronization_start_path: '/maestrano/uat/synchronizations',
  synchronization_toggle_path: '/maestrano/uat/synchronizations/toggle_sync',
  synchronization_status_path: '/maestrano/uat/synchronizations/:cld-uid',
};

/** Two marketplaces on suffix paths, one with virtual users on query paths of its own, two that share one path. */
export const MARKETPLACES = [
  marketplaceInput('uat', { nid: 'timesheets-uat', environment: 'timesheets', app: SYNCHRONIZATION }),
  marketplaceInput('production'),
  marketplaceInput('virtual', {
    sso: { creation_mode: 'virtual' },
    webhooks: {
      account: {
        group_path: '/hooks/group-deleted?groupid=:id&marketplace=virtual',
        group_user_path: '/hooks/virtual/g/:group_id/u/:id',
      },
      connec: { notification_path: '/maestrano/connec/notifications/virtual' },
    },
  }),
  ...['twin-a', 'twin-b'].map((name) =>
    marketplaceInput(name, {
      webhooks: {
        account: { group_path: '/twins/groups/:id', group_user_path: '/twins/groups/:group_id/users/:id' },
        connec: { notification_path: `/maestrano/connec/notifications/${name}` },
      },
    }),
  ),
];

export type PlatformCallsOptions = Pick<
  TestApplicationOptions,
  'registration' | 'prefix' | 'options' | 'extras' | 'prepare'
>;

export type PlatformCallsApp = TestApplication & { readonly calls: Calls };

export async function bootPlatformCalls(
  httpAdapter: HttpAdapterName,
  { options, extras, ...given }: PlatformCallsOptions = {},
): Promise<PlatformCallsApp> {
  const application = await testApplication({
    httpAdapter,
    options: { marketplaces: MARKETPLACES, ...options },
    extras: {
      groupAdapter: GroupAdapter,
      synchronizationAdapter: SynchronizationAdapter,
      extraProviders: [Calls],
      extraExports: [Calls],
      ...extras,
    },
    controllers: [ExportsController, OwnController],
    ...given,
  });
  return Object.assign(application, { calls: application.app.get(Calls) });
}
