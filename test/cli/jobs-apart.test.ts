import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { adminUrl, askServed, runCommand } from '../support/run-command.ts'

let opened: CommandStores
let headers: Readonly<Record<string, string>>
beforeAll(async () => {
  opened = await openCommandStores()
  const made = await runCommand(['token', 'make', 'ada', '--role', 'qa', '--json'], opened.env)
  headers = { authorization: `Bearer ${JSON.parse(made.stdout).secret}`, 'content-type': 'application/json' }
})
afterAll(() => opened?.close())

const ours = new URL('../../crossfade.config.ts', import.meta.url).href
const start = 'mutation { verify(type: "Movie") { type } }'

function ask(admin: string, query: string): Promise<Response> {
  return fetch(`${admin}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
}

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
  writeFileSync(config, `console.log('[settings] 3 are read')\nexport { default } from '${ours}'\n`)
  const { answer, text } = await askServed(['--config', config], opened.env, async (_, said) => {
    const url = await adminUrl(said)
    const last = async () => {
      const response = await ask(url, '{ verifications { type endedAt error found { isClean compared missing } } }')
      return ((await response.json()) as { data: { verifications: Last[] } }).data.verifications[0]
    }
    await ask(url, start)
    await ask(url, 'mutation { stopVerify(type: "Movie") }') // it has hardly begun
    await expect.poll(async () => (await last())?.error, { timeout: 60_000 }).toContain('It was stopped')
    await ask(url, start)
    await expect.poll(async () => (await last())?.endedAt, { timeout: 60_000 }).toBeTruthy()
    return last()
  })
  expect(answer, text).toMatchObject({ type: 'Movie', error: null, found: { isClean: false, compared: 1, missing: 1 } })
})

/** A configuration with which `verify` goes on when it is told so on a line, which is closed when its process ends. */
async function waiting(): Promise<{ readonly config: string; readonly line: Promise<Socket> }> {
  const server = createServer()
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const config = join(opened.env.CROSSFADE_DATA_DIR, `waiting-${port}.config.ts`)
  writeFileSync(
    config,
    `import { once } from 'node:events'
     import { connect } from 'node:net'
     if (process.argv.includes('verify')) {
       const line = connect(${port}, '127.0.0.1')
       await once(line, 'data')
       line.unref()
     }
     export { default } from '${ours}'`,
  )
  const line = once(server, 'connection').then(([socket]: Socket[]) => socket!.on('error', () => undefined))
  return { config, line }
}

const patient = { timeout: 30_000 }

/** Holds the table until the test is over: whoever reads it waits, and tells nobody. */
async function holdMovies(): Promise<() => Promise<boolean>> {
  const { connection } = opened.stores.postgres
  const holder = await connection.pool.connect()
  onTestFinished(async () => {
    await holder.query('rollback')
    holder.release()
  })
  await holder.query(
    'begin; set local idle_in_transaction_session_timeout = 0; lock table movies in access exclusive mode',
  )
  return async () => {
    const held = sql`select from pg_locks where relation = 'movies'::regclass and not granted`
    return (await connection.run(held)).length > 0
  }
}

test.each(['SIGKILL', 'SIGTERM'] as const)('the process ends with its gateway, also by %s', async (signal) => {
  const { config, line } = await waiting()
  const { answer, text } = await askServed(['--config', config], opened.env, async (_, said, end) => {
    await ask(await adminUrl(said), start)
    const verifying = await line
    const isHeld = await holdMovies()
    verifying.write('go on')
    await expect.poll(isHeld, patient).toBe(true)
    await end(signal)
    await expect.poll(() => verifying.closed, patient).toBe(true)
    return 'ended'
  })
  expect(answer, text).toBe('ended')
})

test('so it does where the gateway ends before it has begun', async () => {
  const { config, line } = await waiting()
  const { answer, text } = await askServed(['--config', config], opened.env, async (_, said, end) => {
    await ask(await adminUrl(said), start)
    const verifying = await line
    await holdMovies()
    await end('SIGKILL')
    verifying.write('go on')
    await expect.poll(() => verifying.closed, patient).toBe(true)
    return 'ended'
  })
  expect(answer, text).toBe('ended')
})
