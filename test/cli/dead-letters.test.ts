import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { entities } from '../../schema/index.ts'
import { readFlag } from '../../src/control/flag-store.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { deadLetterKind } from '../../src/mirror/dead-letters.ts'
import { formatVersion } from '../../src/stores/version.ts'
import { type CommandStores, inDualwrite, openCommandStores } from '../support/command-stores.ts'
import { runCommand } from '../support/run-command.ts'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
  await inDualwrite(opened, 'Theater')
})
afterAll(() => opened.close())

const Theater: Entity = entities.find(({ name }) => name === 'Theater')!
const run = (...args: string[]) => runCommand(args, opened.env)
const hex = (n: number): string => n.toString(16).padStart(24, '0')

/** A record that is owed, with a letter. */
async function refused(n: number, reason: string): Promise<string> {
  const { authority, ledger } = opened.stores.mongo
  const { flag } = (await readFlag(ledger, 'Theater'))!
  const stamp = { epoch: flag.epoch, owed: true }
  const { version } = await authority.create(Theater, newRecord(Theater, hex(n), { theaterId: n }), stamp)
  const letter = { reason, by: [], version: formatVersion(version), tries: 3, next: 1_700_000_000_000 }
  await ledger.compareAndSet(deadLetterKind, `Theater/${hex(n)}`, null, letter)
  return formatVersion(version)
}

describe('mirror dead-letters', { timeout: 180_000 }, () => {
  test('there are none at first', async () => {
    const none = { code: 0, stdout: '', stderr: expect.stringMatching(/^There are no dead letters\.$/m) }
    expect(await run('mirror', 'dead-letters', 'list')).toMatchObject(none)
    expect(await run('mirror', 'dead-letters', 'show', 'Theater', hex(1))).toMatchObject({ code: 0, stdout: '' })
  })

  test('are listed with reason, tries and next try, dropped with a word why, and tried on request', async () => {
    const version = await refused(1, 'it is too large')
    await refused(2, 'a validator refuses it')
    await opened.stores.mongo.ledger.compareAndSet(deadLetterKind, `Theater/${hex(3)}`, null, { made: 'elsewhere' })
    const listed = await run('mirror', 'dead-letters', 'list', 'Theater', '--json')
    expect(listed.code).toBe(2)
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { type: 'Theater', id: hex(1), owedBy: 'mongo', reason: 'it is too large', version, letter: { tries: 3 } },
      { id: hex(2), reason: 'a validator refuses it' },
      { id: hex(3), reason: expect.stringContaining('a form that this version does not know'), letter: null },
    ])
    const shown = await run('mirror', 'dead-letters', 'show', 'Theater', hex(1))
    expect(shown).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/ 3 +2023-11-14T22:13:20\.000Z +it is too large$/m),
    })

    expect(await run('mirror', 'dead-letters', 'drop', 'Theater', hex(1))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("required option '--why <text>' not specified"),
    })
    const dropped = await run('mirror', 'dead-letters', 'drop', 'Theater', hex(1), '--why', 'a test record')
    const said = `postgres is owed version ${version} no more, and does not have it. The stores differ in this record until`
    expect(dropped).toMatchObject({ code: 0, stderr: expect.stringContaining(said) })
    expect((await run('mirror', 'dead-letters', 'list', 'Theater')).stdout).toMatch(
      /dropped +it is too large \(dropped: a test record\)$/m,
    )

    const one = await run('mirror', 'dead-letters', 'retry', 'Theater', hex(2), '--json')
    expect(one).toMatchObject({ code: 0 })
    expect(JSON.parse(one.stdout)).toEqual({ type: 'Theater', mirrored: [hex(2)], refused: [], owed: 0 })
    const move = await run('stage', 'set', 'Theater', 'live')
    expect(move.code).toBe(2)
    expect(move.stderr).toMatch(/a record is not as the other store has it, since its dead letter was dropped/)
  })

  test('mirror retry puts all that is owed', async () => {
    const { authority, ledger } = opened.stores.mongo
    const { flag } = (await readFlag(ledger, 'Theater'))!
    await authority.create(Theater, newRecord(Theater, hex(5), { theaterId: 5 }), { epoch: flag.epoch, owed: true })
    expect(await run('mirror', 'retry', 'Theater')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Theater: 0 dead letters mirrored, 0 refused again, 0 records still owed\.$/m),
    })
    expect((await opened.stores.postgres.outbox.images(Theater, [hex(5)])).length).toBe(1)
  })

  test.each([
    [['list', 'Nobody'], 'There is no type Nobody; there are Movie, '],
    [['retry', 'Movie'], 'Movie is off: no store is owed anything.'],
    [['drop', 'Theater', hex(9), '--why', 'x'], `Theater ${hex(9)} has no dead letter that mongo owes.`],
    [['drop', 'Theater', 'odd', '--why', 'x'], 'Theater.id: '],
  ])('%j is refused', async (args, message) => {
    const said = await run('mirror', 'dead-letters', ...args)
    expect(said).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
  })
})
