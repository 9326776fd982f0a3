import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openCommandStores } from '../support/command-stores.ts'
import { askServed } from '../support/run-command.ts'

const app = `
  import { makeExecutableSchema } from '@graphql-tools/schema'
  import { defineConfig } from 'crossfade'
  import { createPubSub } from 'graphql-yoga'
  const later = (ms, error) => new Promise((_, reject) => setTimeout(reject, ms, error))
  const resolvers = {
    Query: {
      async both() {
        const second = later(20, new Error('the second failed'))
        await later(1, new Error('the first failed'))
        return second
      },
      one: () => 1,
      burst() {
        const events = createPubSub()
        events.subscribe('x').next()
        for (let n = 0; n < 1_100; n++) events.publish('x', n)
        return 1
      },
    },
  }
  const schema = makeExecutableSchema({ typeDefs: 'type Query { both: Int one: Int burst: Int }', resolvers })
  export default defineConfig({ schema, entities: [], migrations: {} })`

test('a promise that a resolver has left behind ends nothing, nor do more events than a subscriber takes', async () => {
  const opened = await openCommandStores()
  const folder = mkdtempSync(join(import.meta.dirname, '.serve-'))
  try {
    const config = join(folder, 'crossfade.config.ts')
    writeFileSync(config, app)
    const { answer, text } = await askServed(['--config', config], opened.env, async (url) => {
      const ask = async (query: string): Promise<unknown> => {
        const headers = { 'content-type': 'application/json' }
        const reply = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
        return reply.json()
      }
      const failed = await ask('{ both }')
      await new Promise((done) => setTimeout(done, 500))
      const burst = await ask('{ burst }')
      await new Promise((done) => setTimeout(done, 200))
      return [failed, burst, await ask('{ one }')]
    })
    expect(answer).toEqual([
      { data: { both: null }, errors: [expect.objectContaining({ path: ['both'] })] },
      { data: { burst: 1 } },
      { data: { one: 1 } },
    ])
    expect(text).toContain('A subscriber is too slow for its events, and loses some')
    expect(text).toContain('A promise failed that nobody awaited: the second failed')
  } finally {
    rmSync(folder, { recursive: true })
    await opened.close()
  }
})
