/*
 * Packages that docs/recipes.md shows and the repository does not install: what the recipes use of them, as their own
 * documentation has it. Part of the program that compiles the snippets, and of nothing else.
 */

declare module '@nestjs/event-emitter' {
  import type { DynamicModule } from '@nestjs/common';

  export class EventEmitter2 {
    emit(event: string, ...values: unknown[]): boolean;
  }
  export class EventEmitterModule {
    static forRoot(): DynamicModule;
  }
  export function OnEvent(event: string): MethodDecorator;
}

declare module 'nestjs-pino' {
  import type { DynamicModule, LoggerService } from '@nestjs/common';

  export class Logger implements LoggerService {
    log(message: unknown, ...optional: unknown[]): void;
    error(message: unknown, ...optional: unknown[]): void;
    warn(message: unknown, ...optional: unknown[]): void;
  }
  export class LoggerModule {
    static forRoot(options: { pinoHttp: { level?: string; redact?: string[] } }): DynamicModule;
  }
}

declare module '@opentelemetry/exporter-prometheus' {
  import { MetricReader } from '@opentelemetry/sdk-metrics';

  export class PrometheusExporter extends MetricReader {
    constructor(options: { port?: number; host?: string });
    protected onForceFlush(): Promise<void>;
    protected onShutdown(): Promise<void>;
  }
}

declare module 'unplugin-swc' {
  const swc: { vite(options: { module?: { type: 'es6' } }): unknown };
  export default swc;
}

declare module 'vitest/config' {
  export function defineConfig(config: {
    test?: { globals?: boolean; environment?: 'node'; testTimeout?: number; include?: string[] };
    plugins?: unknown[];
  }): unknown;
}

declare module 'vitest' {
  type Work = () => unknown;
  export function describe(name: string, body: Work): void;
  export function it(name: string, body: Work, timeoutMs?: number): void;
  export function beforeAll(body: Work): void;
  export function afterAll(body: Work): void;
}
