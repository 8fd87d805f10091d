import { sqlTestsInstalled } from './test/support/sql-servers.mjs';

export default {
  rootDir: import.meta.dirname,
  // Node's; searches all output for the secrets that the product held meanwhile, and finds what was left open.
  testEnvironment: '<rootDir>/test/support/environment.mjs',
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  // These need drivers, which the root does not have; the global setup says so.
  testPathIgnorePatterns: ['/node_modules/', ...(sqlTestsInstalled ? [] : ['<rootDir>/test/sql/'])],
  // Those samples that need a database, too, run on the packages of test/sql.
  modulePaths: ['<rootDir>/test/sql/node_modules'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // The samples import the package by its name; tests run them on the sources.
    '^nestjs-maestrano$': '<rootDir>/src/index.ts',
    '^nestjs-maestrano/(sandbox|testing|redis|bullmq|sql|pg-queue|sync|usage|console)$':
      '<rootDir>/src/$1/index.ts',
  },
  transform: {
    '^.+\\.ts$': [
      // @swc/jest, with the canary's watch points.
      '<rootDir>/test/support/canary/transform.mjs',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Bench runs come and go; jest must not look at their folders.
  modulePathIgnorePatterns: ['<rootDir>/artifacts/bench/'],
  maxWorkers: 2,
  testSequencer: '<rootDir>/test/support/sequencer.mjs',
  workerIdleMemoryLimit: '300MB',
  coverageProvider: 'v8',
  testTimeout: 30_000,
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  reporters: ['default', '<rootDir>/test/support/line-reporter.cjs'],
};
