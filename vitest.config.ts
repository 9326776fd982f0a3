import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    // `crossfade` resolves to our own sources, as it does for `serve`.
    conditions: ['source', 'module', 'node'],
    // One copy of graphql, the one that Node loads for its dependants: it refuses types of another
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  ssr: { resolve: { conditions: ['source', 'module', 'node'], externalConditions: ['source', 'node'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/rule-guard/setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    execArgv: ['--conditions=source'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
