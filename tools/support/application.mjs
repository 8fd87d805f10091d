// The application that the tools drive: everything of the package is in use, on either HTTP adapter.
import { freePort } from '../../test/support/free-port.mjs';

/** Starts it for a sandbox; `calls` lists what its adapters and handlers were asked. */
export async function startApplication(checkout, { sandbox, http = 'express', options = {} }) {
  const kit = await checkout.load('index.js');
  const { Controller, Get, Injectable, Module, UseGuards } = await checkout.package('@nestjs/common');
  const { NestFactory } = await checkout.package('@nestjs/core');
  const calls = [];
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // The marketplace's configuration names the address, so it must be known before the module reads it.
  sandbox?.setAppUrl(url);

  const UserAdapter = class extends kit.MaestranoUserAdapter {
    findOrCreateUser(profile) {
      calls.push(['findOrCreateUser', profile.uid]);
      return { uid: profile.uid };
    }
  };
  const GroupAdapter = class extends kit.MaestranoGroupAdapter {
    findOrCreateGroup(profile) {
      calls.push(['findOrCreateGroup', profile.uid]);
      return { uid: profile.uid };
    }
    hasMember() {
      return false;
    }
    addMember(group, user) {
      calls.push(['addMember', group.uid, user.uid]);
    }
    removeMember({ groupUid, userUid }) {
      calls.push(['removeMember', groupUid, userUid]);
    }
    deleteGroup({ groupUid }) {
      calls.push(['deleteGroup', groupUid]);
    }
  };
  const SynchronizationAdapter = class extends kit.MaestranoSynchronizationAdapter {
    start({ groupUid }) {
      return groupUid === 'cld-unknown' ? null : { enabled: true, status: 'ENQUEUED' };
    }
    toggle() {
      return { enabled: false, status: 'DISABLED' };
    }
    status() {
      return { enabled: true, status: 'SUCCESS' };
    }
  };
  const Listener = class Listener {
    onInvoice(invoice) {
      calls.push(['onInvoice', String(invoice.id)]);
      if (invoice.code === 'POISON') throw new Error('poison');
    }
  };
  const Pages = class Pages {
    home() {
      return 'home';
    }
    guarded() {
      return 'guarded';
    }
  };

  apply(Injectable(), UserAdapter, GroupAdapter, SynchronizationAdapter, Listener);
  applyMethod(kit.ConnecHandler('invoices'), Listener, 'onInvoice');
  apply(Controller(), Pages);
  applyMethod(Get('/'), Pages, 'home');
  applyMethod(Get('guarded'), Pages, 'guarded');
  applyMethod(UseGuards(kit.MaestranoSessionGuard), Pages, 'guarded');

  const AppModule = class AppModule {};
  apply(
    Module({
      imports: [
        kit.MaestranoModule.forRoot({
          userAdapter: UserAdapter,
          groupAdapter: GroupAdapter,
          synchronizationAdapter: SynchronizationAdapter,
          ...(sandbox ? sandbox.options : {}),
          session: { secret: 'a secret for the tools that is long enough' },
          ...options,
        }),
      ],
      providers: [Listener],
      controllers: [Pages],
    }),
    AppModule,
  );
  const app = await NestFactory.create(AppModule, await adapterOf(checkout, http), {
    logger: false,
    abortOnError: false,
    forceCloseConnections: true,
  });
  await app.listen(port, '127.0.0.1');
  return { app, kit, calls, url, close: () => app.close() };
}

async function adapterOf(checkout, http) {
  if (http === 'fastify') {
    const { FastifyAdapter } = await checkout.package('@nestjs/platform-fastify');
    return new FastifyAdapter();
  }
  const { ExpressAdapter } = await checkout.package('@nestjs/platform-express');
  return new ExpressAdapter();
}

function apply(decorator, ...classes) {
  for (const one of classes) decorator(one);
}

function applyMethod(decorator, type, name) {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
  decorator(type.prototype, name, descriptor);
}
