import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const project = (name: string, files: string) => ({
  extends: true as const,
  test: {
    name,
    include: [files],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/rule-guard/setup.ts'],
    execArgv: ['--conditions=@crossfade/source'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})

export default defineConfig({
  resolve: {
    // `crossfade` resolves to our own sources, as it does for `serve`.
    conditions: ['@crossfade/source', 'module', 'node'],
    // One copy of graphql, the one that Node loads for its dependants: it refuses types of another
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  ssr: {
    resolve: { conditions: ['@crossfade/source', 'module', 'node'], externalConditions: ['@crossfade/source', 'node'] },
  },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // Programs that tests start read the same code again and again; where Node keeps it unless told otherwise
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') },
    projects: [
      project('all', 'test/**/*.test.ts'),
      // What both stores answer does not depend on the version; `DATABASE_URL` replaces both servers
      project('oldest postgres', 'test/conformance/*.test.ts'),
    ],
  },
})
