// Run inside a consumer's folder: signs in, bills, cancels, on both platforms, and must then end by itself.
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';

import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

// "require" proves that a CommonJS application gets the same classes.
const load = process.argv[2] === 'require' ? createRequire(`${process.cwd()}/`) : (name) => import(name);
const maestrano = await load('nestjs-maestrano');
const { startSandbox } = await load('nestjs-maestrano/sandbox');
const { RecordingGroupAdapter, RecordingUserAdapter } = await load('nestjs-maestrano/testing');

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

class HomeController {
  home() {
    return { signedIn: true };
  }
}
Get()(HomeController.prototype, 'home', Object.getOwnPropertyDescriptor(HomeController.prototype, 'home'));
UseGuards(maestrano.MaestranoSessionGuard)(HomeController);
Controller('home')(HomeController);

const results = [];
for (const Adapter of [ExpressAdapter, FastifyAdapter]) {
  const port = await freePort();
  const sandbox = await startSandbox({ appUrl: `http://127.0.0.1:${port}` });
  class AppModule {}
  Module({
    imports: [
      maestrano.MaestranoModule.forRootAsync({
        userAdapter: RecordingUserAdapter,
        groupAdapter: RecordingGroupAdapter,
        useFactory: async () => ({
          developerPlatform: sandbox.developerPlatform,
          session: { secret: 'a secret of at least thirty-two characters' },
          sso: { homeUrl: '/home' },
        }),
      }),
    ],
    controllers: [HomeController],
  })(AppModule);
  const app = await NestFactory.create(AppModule, new Adapter(), { logger: ['error'] });
  await app.listen(port, '127.0.0.1');
  const login = await sandbox.login(`http://127.0.0.1:${port}`, { user: 'usr-1', group: 'cld-1' });
  const [{ name }] = sandbox.marketplaces.list();
  const bill = await app
    .get(maestrano.BillingService)
    .for(name)
    .bills.create({ groupId: 'cld-1', priceCents: 990, description: 'One month' });
  const [cancelled] = await sandbox.webhooks.deleteGroup('cld-1');
  const health = await app.get(maestrano.MaestranoHealthIndicator).check();
  results.push([login.status, login.body, bill.priceCents, cancelled.status, health.maestrano.status]);
  await app.close();
  await sandbox.close();
}
console.log(JSON.stringify(results));
