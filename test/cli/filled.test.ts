import { afterAll, beforeAll, expect, test } from 'vitest'
import { entities } from '../../schema/index.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { runCommand } from '../support/run-command.ts'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
})
afterAll(() => opened?.close())

const hex = (n: number): string => n.toString(16).padStart(24, '0')
const run = (...args: string[]) => runCommand(args, opened.env)
const off = { epoch: 1, owed: false } as const

async function make(type: string, n: number, values: Readonly<Record<string, unknown>>): Promise<void> {
  const entity = entities.find(({ name }) => name === type)!
  await opened.stores.mongo.authority.create(entity, newRecord(entity, hex(n), values), off)
}

const issuesOf = async (type: string): Promise<unknown> =>
  JSON.parse((await run('issues', 'list', type, '--json')).stdout)

test('a copy says nothing of types that are not copied yet, and keeps none of their duplicates out', async () => {
  await make('Movie', 1, { title: 'One' })
  await make('Comment', 2, { movieId: hex(1), text: 'a', name: 'A', email: 'a@example.org', date: new Date(0) })
  for (const n of [3, 4]) await make('User', n, { name: 'Ann', email: 'ann@example.org' })

  await run('stage', 'set', 'all', 'dualwrite', '--no-other-writers')
  expect((await run('backfill', 'Comment')).stderr).toMatch(/^Backfill is complete\.$/m)
  expect(await issuesOf('Comment')).toEqual([])

  const users = await run('backfill', 'User')
  expect(users.stderr).toContain('There are 2 data issues')
  expect(users.code).toBe(0)
  const User = entities.find(({ name }) => name === 'User')!
  expect((await opened.stores.postgres.outbox.images(User, [hex(3), hex(4)])).map(({ id }) => id)).toHaveLength(2)
  expect((await run('mirror', 'dead-letters', 'list', 'User', '--json')).stdout).toBe('[]\n')

  await opened.stores.mongo.connection.db.collection('movies').deleteOne({})
  expect((await run('backfill', 'Movie')).code).toBe(0)
  expect(await issuesOf('Comment')).toMatchObject([{ rule: 'refers to a Movie that does not exist' }])
}, 120_000)
