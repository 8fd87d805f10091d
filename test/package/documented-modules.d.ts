/*
 * Packages that guides show and the repository's root does not install: what the guides use of them, as their own
 * documentation has it. Part of the program that compiles the snippets, and of nothing else.
 */

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

declare module 'pg' {
  export const Pool: new (options: {
    connectionString?: string | undefined;
    connectionTimeoutMillis?: number;
  }) => import('nestjs-maestrano/sql').PgPool & {
    on(event: 'error', listener: (error: Error) => void): void;
  };
}
