import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { adminUrl, askServed, runCommand } from '../support/run-command.ts'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
})
afterAll(() => opened?.close())

interface Last {
  readonly type: string
  readonly endedAt: string | null
  readonly error: string | null
  readonly found: { readonly isClean: boolean; readonly compared: number; readonly missing: number } | null
}

test('a gateway has a type verified by a process beside it, whatever the app prints, and tells what that found', async () => {
  await opened.stores.mongo.connection.db.collection('movies').insertOne({ title: 'A' })
  // As libraries do that read settings
  const config = join(opened.env.CROSSFADE_DATA_DIR, 'noisy.config.ts')
  const ours = new URL('../../crossfade.config.ts', import.meta.url).href
  writeFileSync(config, `console.log('[settings] 3 are read')\nexport { default } from '${ours}'\n`)
  const made = await runCommand(['token', 'make', 'ada', '--role', 'qa', '--json'], opened.env)
  const headers = { authorization: `Bearer ${JSON.parse(made.stdout).secret}`, 'content-type': 'application/json' }
  const { answer, text } = await askServed(['--config', config], opened.env, async (_, said) => {
    const url = await adminUrl(said)
    const ask = async (query: string) => {
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
      return (await response.json()) as { data: { verifications: Last[] } }
    }
    const last = async () =>
      (await ask('{ verifications { type endedAt error found { isClean compared missing } } }')).data.verifications[0]
    const start = 'mutation { verify(type: "Movie") { type } }'
    await ask(start)
    await ask('mutation { stopVerify(type: "Movie") }') // it has hardly begun
    await expect.poll(async () => (await last())?.error, { timeout: 60_000 }).toContain('It was stopped')
    await ask(start)
    await expect.poll(async () => (await last())?.endedAt, { timeout: 60_000 }).toBeTruthy()
    return last()
  })
  expect(answer, text).toMatchObject({ type: 'Movie', error: null, found: { isClean: false, compared: 1, missing: 1 } })
})
