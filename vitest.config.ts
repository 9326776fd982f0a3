import { defineConfig } from 'vitest/config'

export default defineConfig({
  // The package imports itself by name; tests run its sources
  // One copy of graphql, the one that Node loads for its dependants: it refuses types of another
  resolve: { conditions: ['source'], alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
