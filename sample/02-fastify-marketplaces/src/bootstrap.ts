import type { LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { maestranoRoutes } from 'nestjs-maestrano';

import { AppModule } from './app.module.js';
import { PAGE_ROUTES } from './pages/html.js';

/**
 * Starts the application on `PORT`: pages for people, an API below /api, described at /docs-json, both protected against
 * cross-site requests.
 */
export async function bootstrap(logger?: LogLevel[]): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule,
    new FastifyAdapter(),
    logger ? { logger } : {},
  );
  // Marketplaces know our routes without the prefix, and identity providers post from an origin of their own.
  app.setGlobalPrefix('api', { exclude: [...maestranoRoutes(), ...PAGE_ROUTES] });
  app.enableCsrfProtection({ exclude: maestranoRoutes() });
  app.useSecurityHeaders();
  app.enableShutdownHooks();
  const description = new DocumentBuilder().setTitle('Invoice reminders').setVersion('1.0').build();
  // The page needs @fastify/static, whose present release wants Node 22; the document does not.
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description), { ui: false });
  await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
  return app;
}
