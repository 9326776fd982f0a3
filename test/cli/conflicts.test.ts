import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { entities } from '../../schema/index.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { conflictLog, keepCopy } from '../../src/mirror/conflicts.ts'
import { planPatch } from '../../src/query/patch.ts'
import { formatVersion, type Version } from '../../src/stores/version.ts'
import type { Json } from '../../src/util/json.ts'
import { type CommandStores, inDualwrite, openCommandStores } from '../support/command-stores.ts'
import { runCommand } from '../support/run-command.ts'

let opened: CommandStores
const entityOf = (type: string): Entity => entities.find(({ name }) => name === type)!
const hex = (n: number): string => n.toString(16).padStart(24, '0')
const run = (...args: string[]) => runCommand(args, opened.env)

beforeAll(async () => {
  opened = await openCommandStores()
  await inDualwrite(opened, 'Theater')
})
afterAll(() => opened.close())

interface Listed {
  readonly conflict: string
  readonly id: string
  readonly record: Json
}

const Theater = entityOf('Theater')
const image = (n: number, theaterId: number | null) => ({
  id: hex(n),
  version: { epoch: 1, counter: 7 },
  pending: false,
  record: theaterId === null ? null : newRecord(Theater, hex(n), { theaterId }),
  rest: null,
  issues: [],
})

const list = async (): Promise<Listed[]> =>
  JSON.parse((await run('conflicts', 'list', 'Theater', '--json')).stdout) as Listed[]

const authorityHas = async (n: number): Promise<unknown> =>
  (await opened.stores.mongo.outbox.images(Theater, [hex(n)]))[0]?.record?.['theaterId'] ?? null

/** @param above what the authority had then; null for nothing. */
async function keep(
  n: number,
  theaterId: number | null,
  above: Version | null = { epoch: 1, counter: 3 },
): Promise<string> {
  const authority = above ? formatVersion(above) : 'none'
  await keepCopy(opened.stores.mongo.ledger, Theater, 'postgres', image(n, theaterId), authority)
  return (await list()).find(({ id }) => id === hex(n))!.conflict
}

const make = (n: number, theaterId: number) =>
  opened.stores.mongo.authority.create(Theater, newRecord(Theater, hex(n), { theaterId }), { epoch: 1, owed: true })

describe('conflicts', { timeout: 300_000 }, () => {
  test('are listed by a name of their own, shown, and closed with a reason, once', async () => {
    const none = { code: 0, stdout: '', stderr: expect.stringMatching(/^No replaced copy of Theater is open\.$/m) }
    expect(await run('conflicts', 'list', 'Theater')).toMatchObject(none)
    await make(1, 11)
    const conflict = await keep(1, 77)
    expect(conflict).toMatch(/^[0-9a-f]{12}$/)
    const shown = await run('conflicts', 'show', 'Theater', conflict.slice(0, 6))
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('postgres had 1.7, the authority 1.3') })
    const closed = await run('conflicts', 'resolve', 'Theater', conflict, '--keep', 'authority', '--why', 'old')
    expect(closed).toMatchObject({ code: 0, stderr: expect.stringContaining('what the authority has stays.') })
    expect(await authorityHas(1)).toBe(11)
    expect((await run('conflicts', 'list', 'Theater')).code).toBe(0)
    const all = await run('conflicts', 'list', 'Theater', '--all')
    expect(all.stdout).toMatch(/closed, authority kept: old$/m)
    expect(await run('conflicts', 'resolve', 'Theater', conflict, '--keep', 'mirror', '--why', 'new')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`Conflict ${conflict} is closed already: authority was kept, "old".`),
    })
    expect(await authorityHas(1)).toBe(11)
  })

  test('are listed of one record, as it is asked for; the exit code is about that record', async () => {
    const [eight, nine] = [await keep(8, 88), await keep(9, 99)]
    const listed = async (n: number, ...more: string[]): Promise<unknown[]> => {
      const { code, stdout } = await run('conflicts', 'list', 'Theater', '--json', '--id', hex(n), ...more)
      return [code, (JSON.parse(stdout) as Listed[]).map(({ conflict, record }) => [conflict, record])]
    }
    const [ofEight, ofNine] = [88, 99].map((theaterId) => expect.objectContaining({ theaterId }))
    expect(await listed(8)).toEqual([2, [[eight, ofEight]]])
    await run('conflicts', 'resolve', 'Theater', eight, '--keep', 'authority', '--why', 'x')
    expect([await listed(8), await listed(8, '--all')]).toEqual([
      [0, []],
      [0, [[eight, ofEight]]],
    ])
    expect(await listed(9, '--all')).toEqual([2, [[nine, ofNine]]])
    await run('conflicts', 'resolve', 'Theater', nine, '--keep', 'authority', '--why', 'x')
  })

  test('write the copy back through the authority, as a version above what it has, which is owed', async () => {
    const before = await make(2, 22)
    const changed = await keep(2, 222, before.version)
    await keep(3, 333, null) // the authority never had such a record
    await keep(4, null, (await make(4, 44)).version) // the copy was deleted
    expect((await run('conflicts', 'list', 'Theater')).code).toBe(2)
    for (const { conflict } of await list())
      expect(await run('conflicts', 'resolve', 'Theater', conflict, '--keep', 'mirror', '--why', 'x')).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('the copy of 1.7 was written back.'),
      })
    expect([await authorityHas(2), await authorityHas(3), await authorityHas(4)]).toEqual([222, 333, null])
    const [after] = await opened.stores.mongo.outbox.images(Theater, [hex(2)])
    expect(after!.version.counter).toBeGreaterThan(before.version.counter)
    expect(await list()).toEqual([])
    expect(changed).not.toBe('')
    await run('mirror', 'retry', 'Theater')
    const copies = await opened.stores.postgres.outbox.images(Theater, [hex(2), hex(3), hex(4)])
    expect(copies.map(({ id, record }) => [id, record?.['theaterId'] ?? null]).toSorted()).toEqual([
      [hex(2), 222],
      [hex(3), 333],
      [hex(4), null],
    ])
  })

  test('are not written over what was written since, but by force, which keeps that in its turn', async () => {
    const { version } = await make(6, 66)
    const conflict = await keep(6, 666, version)
    const stamp = { epoch: 1, owed: true }
    await opened.stores.mongo.authority.patch(Theater, hex(6), planPatch(Theater, { theaterId: 67 }), stamp)
    await opened.stores.mongo.authority.patch(Theater, hex(6), planPatch(Theater, { theaterId: 68 }), stamp)
    const back = ['conflicts', 'resolve', 'Theater', conflict, '--keep', 'mirror', '--why', 'x']
    const refused = await run(...back)
    expect(refused.stderr).toMatch(/Theater 0{23}6 was written since, and is at version 1\.\d+: --force replaces that/)
    expect(refused.code).toBe(2)
    expect(await authorityHas(6)).toBe(68)
    expect((await list()).map((each) => each.conflict)).toEqual([conflict])
    expect((await run(...back, '--force')).code).toBe(0)
    expect(await authorityHas(6)).toBe(666)
    const [kept, ...others] = await list()
    expect(others).toEqual([])
    expect(kept).toMatchObject({ id: hex(6), mirror: 'mongo', record: { theaterId: 68 } })
    await run('conflicts', 'resolve', 'Theater', kept!.conflict, '--keep', 'authority', '--why', 'x')
  })

  test('do not bring a record back that was deleted since, but by force', async () => {
    const conflict = await keep(7, 777) // the authority had it then, and has forgotten by now that it was deleted
    const back = ['conflicts', 'resolve', 'Theater', conflict, '--keep', 'mirror', '--why', 'x']
    const refused = await run(...back)
    expect(refused.stderr).toContain(`Theater ${hex(7)} was deleted since, whenever that was: --force makes it again.`)
    expect([refused.code, await authorityHas(7)]).toEqual([2, null])
    expect((await run(...back, '--force')).code).toBe(0)
    expect(await authorityHas(7)).toBe(777)
  })

  test('of another form are listed, and can be closed and not written back', async () => {
    await opened.stores.mongo.ledger.append(conflictLog, `Theater/${hex(5)}`, { copy: { theaterId: 4711 } })
    const [{ conflict }] = (await list()) as [Listed]
    expect((await run('conflicts', 'show', 'Theater', conflict)).stdout).not.toContain('4711')
    const back = await run('conflicts', 'resolve', 'Theater', conflict, '--keep', 'mirror', '--why', 'x')
    expect(back).toMatchObject({ code: 2, stderr: expect.stringContaining('close it with --keep authority') })
    expect((await run('conflicts', 'resolve', 'Theater', conflict, '--keep', 'authority', '--why', 'x')).code).toBe(0)
  })

  test('hide what the mapping marks', async () => {
    const User = entityOf('User')
    const record = newRecord(User, hex(1), { name: 'Ann', email: 'ann@example.org' })
    await keepCopy(opened.stores.mongo.ledger, User, 'postgres', { ...image(1, 1), record }, '1.3')
    const { stdout } = await run('conflicts', 'list', 'User', '--json')
    expect((JSON.parse(stdout) as Listed[])[0]?.record).toEqual({
      id: hex(1),
      name: '[redacted]',
      email: '[redacted]',
      password: '[redacted]',
      preferences: null,
    })
  })

  test.each([
    [['list', 'Nobody'], 2, 'There is no type Nobody; there are Movie, '],
    [['list', 'Theater', '--id', 'x'], 2, 'Theater'],
    [['show', 'Theater', 'zzz'], 2, 'No one conflict of Theater begins with zzz'],
    [['resolve', 'Theater', 'zzz', '--keep', 'both', '--why', 'x'], 1, 'Allowed choices are authority, mirror.'],
    [['resolve', 'Theater', 'zzz', '--keep', 'mirror'], 1, "required option '--why <text>' not specified"],
  ] as const)('%j is refused', async (args, code, message) => {
    expect(await run('conflicts', ...args)).toMatchObject({ code, stderr: expect.stringContaining(message) })
  })
})
