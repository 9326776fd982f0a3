import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { User } from '../../schema/user.ts'
import { readFlag } from '../../src/control/flag-store.ts'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import type { TypeEvidence } from '../../src/evidence/type-evidence.ts'
import { bucketOf } from '../../src/shadow/latency.ts'
import { type CommandStores, inDualwrite, openCommandStores } from '../support/command-stores.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { runCommand } from '../support/run-command.ts'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
  const documents = Array.from({ length: 3 }, (_, n) => ({
    _id: new ObjectId(),
    name: `User ${n}`,
    email: `${n}@example.org`,
  }))
  await opened.stores.mongo.connection.db.collection('users').insertMany(documents)
  await inDualwrite(opened, 'User')
  expect(await run('backfill', 'User')).toMatchObject({ code: 0 })
}, 120_000)
afterAll(() => opened?.close())

const run = (...args: string[]) => runCommand(args, opened.env)
const move = (...args: string[]) => run('stage', 'set', 'User', ...args, '--no-other-writers')
const unmetOf = ([evidence]: readonly TypeEvidence[]) =>
  evidence!.gates.filter(({ met }) => !met).map(({ gate }) => gate)

/** What gateways would have told of reads that were compared. */
async function compared(count: number): Promise<void> {
  const { epoch } = (await readFlag(opened.stores.mongo.ledger, 'User'))!.flag
  const basis = { type: 'User', mapping: mappingDigest(User), epoch }
  const place = { type: 'User', resolver: 'Query.user', bucket: bucketOf(3), count }
  await opened.stores.postgres.findings.add({
    ...nothingSeen,
    verdicts: [{ ...basis, verdict: 'matched', count }],
    coverage: [
      {
        ...basis,
        resolver: 'Query.user',
        path: 'name',
        read: 1,
        compared: 1,
        matched: 1,
        repeated: 0,
        flapped: 0,
        agoMs: 1,
      },
    ],
    timings: [
      { ...place, store: 'mongo' },
      { ...place, store: 'postgres' },
    ],
  })
}

describe('a move asks for evidence', { timeout: 240_000 }, () => {
  test('and is refused with all that is missing, a line each', async () => {
    const refused = await move('live')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('User cannot go to live yet:\n')
    expect(refused.stderr).toContain('\n  - User: verified: nothing was verified: run `crossfade verify User`\n')
    expect(refused.stderr).toMatch(/\n {2}- User: compared: 0 comparisons agreed, where \d+ are asked for: /)
    expect(refused.stderr).toMatch(
      /\n {2}- User: latency: 0 reads were timed in both stores, where \d+ are asked for: /,
    )
    expect(refused.stderr).toContain('User: schema: the tables are what the mapping implies\n')
    const { code, stdout } = await run('evidence', 'User', '--to', 'live', '--json')
    expect([code, unmetOf(JSON.parse(stdout))]).toEqual([2, ['verified', 'compared', 'covered', 'latency']])
  })

  test('which `evidence` shows for the next stage, as a table, for programs and for a ticket', async () => {
    const next = await run('evidence', 'User')
    expect(next).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^User: dualwrite → shadow: all gates are met\n/),
    })
    const ticket = await run('evidence', 'User', '--to', 'live', '--markdown')
    expect(ticket.code).toBe(2)
    expect(ticket.stdout).toMatch(/^## User: dualwrite → live\n/)
    expect(ticket.stdout).toContain('| verified | **not met** | nothing was verified | run `crossfade verify User` |\n')
    expect(await run('evidence', 'Usr')).toMatchObject({ stderr: expect.stringContaining('Did you mean "User"?') })
    expect(await run('evidence', 'User', '--to', 'lvie')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no stage lvie'),
    })
  })

  test('and goes on with it, which is told', async () => {
    expect(await run('verify', 'User')).toMatchObject({ code: 0 })
    await compared(1_000)
    const seen = await run('evidence', 'User', '--to', 'live', '--sign', 'Ada', '--why', 'seen with QA', '--json')
    expect(seen.code).toBe(0)
    expect(JSON.parse(seen.stdout)).toMatchObject([{ signOff: { by: 'Ada', why: 'seen with QA' } }])
    expect(await move('shadow')).toMatchObject({ code: 0 })
    const all = await run('stage', 'set', 'all', 'live', '--no-other-writers')
    expect(all).toMatchObject({ code: 2, stderr: expect.stringContaining('Nothing was changed.\n') })
    expect(all.stderr).toContain('Movie cannot go to live yet:\n')
    expect(all.stderr).not.toContain('User cannot go')
    expect((await readFlag(opened.stores.mongo.ledger, 'User'))!.flag).toMatchObject({ stage: 'shadow' })
    const moved = await move('live')
    expect(moved).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('User: verified: 3 records were found equal at '),
    })
    expect(moved.stderr).toMatch(/^User: live, epoch /m)
  })

  test('and back for none of it, while the last step wants what was seen since', async () => {
    const refused = await move('complete')
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('User: verified: the last `verify` is of epoch'),
    })
    expect(await move('shadow')).toMatchObject({ code: 0 })
    const again = await move('live')
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('User cannot go to live yet:') })
  })

  test('or for a reason, which the history keeps with what was not met', async () => {
    const unsaid = await move('live', '--force')
    expect(unsaid).toMatchObject({ code: 2, stderr: expect.stringContaining('--force needs --why') })
    const forced = await move('live', '--force', '--why', 'the old server is on fire')
    expect(forced).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('User: forced, although User: verified: '),
    })
    const { stdout } = await run('stage', 'history', 'User', '--json')
    const [last] = JSON.parse(stdout) as { value: object }[]
    expect(last!.value).toMatchObject({
      to: 'live',
      forced: true,
      why: 'the old server is on fire',
      unmet: [
        expect.stringContaining('User: verified: the last `verify` is of epoch'),
        expect.stringContaining('User: compared: 0 comparisons agreed, where 20 are asked for'), // of this mirror
        expect.stringContaining('User: covered: '),
      ],
    })
  })
})

test('data issues are listed with their group, and accepted by it', { timeout: 120_000 }, async () => {
  const { dataIssues } = opened.stores.postgres
  const User = (await import('../../schema/user.ts')).User
  await dataIssues.quarantine(User, [{ id: 'x', issues: [{ path: 'name', rule: 'is no text', raw: '5' }] }])
  const listed = await run('issues', 'list', 'User', '--json')
  const [row] = JSON.parse(listed.stdout) as { group: string }[]
  expect([listed.code, row]).toEqual([2, expect.objectContaining({ path: 'name', count: 1, accepted: null })])
  const nobody = await run('issues', 'accept', 'User', row!.group, '--why', 'x')
  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining("required option '--by <name>'") })
  const said = await run('issues', 'accept', 'User', row!.group, '--by', 'Ada', '--why', 'old forms')
  expect(said).toMatchObject({ code: 0, stderr: expect.stringContaining('Accepted 1 of User name: is no text.') })
  expect(await run('issues', 'list', 'User')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 by Ada') })

  const more = [
    { id: 'y', issues: [{ path: 'name', rule: 'is no text', raw: '6' }] },
    { id: 'z', issues: [{ path: 'preferences', rule: 'is no JSON', raw: '{"a":1}' }] },
  ]
  await dataIssues.quarantine(User, more)
  const ofGroup = await run('issues', 'show', 'User', row!.group.slice(0, 6))
  expect(ofGroup).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('name: is no text, 2 records, accepted by Ada'),
  })
  expect(ofGroup.stdout).toMatch(/^x \(.*\)\n {2}\[redacted\]\ny \(.*\)\n {2}\[redacted\]\n$/m)
  const groups = JSON.parse((await run('issues', 'list', 'User', '--json')).stdout) as { group: string; path: string }[]
  const other = groups.find(({ path }) => path === 'preferences')!
  expect((await run('issues', 'show', 'User', other.group)).stdout).toContain('{"a":1}')
  expect((await run('issues', 'show', other.group)).stdout).toContain('{"a":1}')
  expect(await run('issues', 'show', 'User')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no group of issues User. Name one of'),
  })
  const neither = await run('issues', 'accept', 'User', '--by', 'Ada', '--why', 'x')
  expect(neither).toMatchObject({ code: 2, stderr: expect.stringContaining('or say --all') })
  const both = await run('issues', 'accept', 'User', row!.group, '--all', '--by', 'Ada', '--why', 'x')
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('or say --all') })
  const all = await run('issues', 'accept', 'User', '--all', '--by', 'Eve', '--why', 'all of them')
  expect(all.stderr).toContain('Accepted 2 of User name: is no text.')
  expect(all.stderr).toContain('Accepted 1 of User preferences: is no JSON.')
  const after = await run('issues', 'list', 'User')
  expect(after).toMatchObject({ code: 0, stdout: expect.stringContaining('2 by Eve') })
  const none = await run('issues', 'accept', 'User', '--all', '--by', 'Eve', '--why', 'again')
  expect(none).toMatchObject({ code: 0, stderr: expect.stringContaining('No data issue of User is open.') })
})

test('doctor builds what PostgreSQL lacks when told, and leaves the rest to say', { timeout: 120_000 }, async () => {
  const lacks = await run('doctor')
  expect(lacks.stdout).toContain('create index concurrently "comments_movie_id_date_id_idx"')
  const built = await run('doctor', '--build')
  expect(built.stderr).toContain('Comment: create index concurrently "comments_movie_id_date_id_idx"')
  expect(built.stdout).not.toContain('create index concurrently')
  expect((await run('doctor')).stdout).not.toContain('create index concurrently')
})
