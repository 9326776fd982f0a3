import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Flag } from '../../src/control/flag.ts'
import { ledgersOf, raiseFlag, readCopies } from '../../src/control/flag-store.ts'
import { instanceKind } from '../../src/control/instances.ts'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { runCommand, type Said } from '../support/run-command.ts'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
})
afterAll(() => opened.close())

const run = (...args: string[]): Promise<Said> => runCommand(args, opened.env)

async function change(type: string, changed: Partial<Flag>): Promise<void> {
  const ledgers = ledgersOf(opened.stores)
  const { flag } = await readCopies(ledgers, type)
  const next = { ...flag!, ...changed, revision: flag!.revision + 1 }
  await raiseFlag(ledgers.mongo, next)
  await raiseFlag(ledgers.postgres, next)
}
const stageOf = async (type: string): Promise<string> => (await readCopies(ledgersOf(opened.stores), type)).flag!.stage

describe('what a provider asks for', { timeout: 180_000 }, () => {
  test('is listed beside what is in force, with the command, and so is what gateways say of it', async () => {
    await change('Movie', { desired: { stage: 'dualwrite', readPercent: null, samplePercent: null } })
    await change('User', { desired: { stage: 'off', readPercent: null, samplePercent: null } })
    const alerts = ['crossfade.Movie.readPercent is 140: a number from 0 to 100 is expected']
    const sign = { acknowledged: {}, owed: {}, mappings: {}, alerts }
    await opened.stores.mongo.ledger.compareAndSet(instanceKind, 'gateway one', null, sign)
    await opened.stores.postgres.ledger.compareAndSet(instanceKind, 'gateway one', null, sign)
    await opened.stores.mongo.ledger.compareAndSet(instanceKind, 'gateway two', null, sign)
    const { stdout, stderr, code } = await run('stage', 'list')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Movie +off +steady .* dualwrite/m)
    expect(stderr).toContain(
      'Movie: dualwrite is desired, and off is in force: `crossfade stage set Movie --desired` moves it.\n',
    )
    expect(stderr).not.toContain('User:')
    expect(stderr).toContain(`${alerts[0]} (told by 2 of the gateways); the last good value stays.\n`)
    await opened.stores.mongo.ledger.remove(instanceKind, 'gateway one')
    await opened.stores.mongo.ledger.remove(instanceKind, 'gateway two')
    await opened.stores.postgres.ledger.remove(instanceKind, 'gateway one')
  })

  test('is moved to by the usual way, and by its word alone', async () => {
    expect(await run('stage', 'set', 'Movie', 'shadow', '--desired')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Give a stage, or --desired, and not both.'),
    })
    expect(await run('stage', 'set', 'Comment', '--desired')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('No provider of flags asks for a stage of Comment.'),
    })
    expect(await stageOf('Movie')).toBe('off')
    const said = await run('stage', 'set', 'Movie', '--desired', '--no-other-writers')
    expect(said).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Movie: dualwrite, epoch 2, .*, nothing is compared$/m),
    })
    expect(await stageOf('Movie')).toBe('dualwrite')
    // What no move may do, nobody can ask for
    await change('Movie', { desired: { stage: 'live', readPercent: null, samplePercent: null } })
    const refused = await run('stage', 'set', 'Movie', '--desired', '--no-other-writers')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Movie cannot go to live yet') })
    expect(await stageOf('Movie')).toBe('dualwrite')
  })
})

test('reads that were taken back are told with the command that moves them again', { timeout: 180_000 }, async () => {
  const returned = { at: '2026-11-27T12:00:00.000Z', by: 'gateway one', why: '12 of 40 reads failed', readPercent: 30 }
  await change('Theater', { returned })
  const { stdout, stderr } = await run('stage', 'list', '--json')
  expect((JSON.parse(stdout) as Flag[]).find(({ type }) => type === 'Theater')).toMatchObject({ returned })
  expect(stderr).not.toContain('told by')
  expect((await run('stage', 'list')).stderr).toContain(
    'Theater: its reads were taken back at 2026-11-27T12:00:00.000Z: 12 of 40 reads failed. `crossfade stage set Theater --reads 30` moves them again.\n',
  )
})
