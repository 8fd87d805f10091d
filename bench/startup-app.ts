import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** The package as it is published: bench files are compiled three folders below the checkout's own. */
const BUILT = new URL('../../../../dist/index.js', import.meta.url).href;

/** The application that startup.bench.ts starts: `empty`, or with the module as a deployment has it. */
const imports = process.argv[2] === 'maestrano' ? [await maestrano()] : [];

async function maestrano() {
  const { MaestranoGroupAdapter, MaestranoModule, MaestranoUserAdapter } = (await import(
    BUILT
  )) as typeof import('../src/index.js');
  class Users extends MaestranoUserAdapter {
    override findOrCreateUser = (): string => 'user';
  }
  class Groups extends MaestranoGroupAdapter {
    override findOrCreateGroup = (): string => 'group';
    override hasMember = (): boolean => true;
    override addMember = (): void => undefined;
    override removeMember = (): void => undefined;
    override deleteGroup = (): void => undefined;
  }
  return MaestranoModule.forRoot({
    userAdapter: Users,
    groupAdapter: Groups,
    session: { secret: 'a secret of at least thirty-two characters' },
    marketplaces: {
      marketplace: 'maestrano',
      environment: 'uat',
      app: { host: 'https://app.example.com' },
      api: { id: 'app-1', key: 'key' },
    },
  });
}

@Module({ imports })
class AppModule {}

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(String(process.uptime() * 1000));
process.exit(0);
