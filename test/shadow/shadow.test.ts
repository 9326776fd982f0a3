import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import { FailedOver } from '../../src/shadow/failed-over.ts'
import type { Outcome } from '../../src/shadow/outcome.ts'
import { Shadow } from '../../src/shadow/shadow.ts'
import type { Mismatch } from '../../src/stores/findings.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { compared, comparedPage, Note, page, value, type World } from './experiment.ts'

const a = (title = 'x', counter = 1): Note => ['a', title, counter]
const b = (title = 'y', counter = 1): Note => ['b', title, counter]
const c = (title = 'z', counter = 1): Note => ['c', title, counter]
const alike = (...notes: readonly Note[]): World => ({ control: notes, candidate: notes })

describe('a page', () => {
  test('that is equal is a match', async () => {
    const { found, shadow, seen } = await comparedPage([alike(a())])
    expect(found).toEqual([])
    expect(shadow.statistics.of('Note')).toMatchObject({ sampled: 1, compared: 1, matched: 1 })
    expect(seen?.verdicts).toEqual([
      { type: 'Note', mapping: mappingDigest(Note), epoch: 1, verdict: 'matched', count: 1 },
    ])
  })

  test('that has nothing to show in either store is apart from what agreed', async () => {
    const { found, shadow, seen } = await comparedPage([alike()])
    expect(found).toEqual([])
    expect(shadow.statistics.of('Note')).toMatchObject({ sampled: 1, compared: 1, matched: 0, empty: 1 })
    expect(seen?.verdicts).toMatchObject([{ verdict: 'empty', count: 1 }])
    const lacking = await comparedPage([{ control: [], candidate: [a()] }])
    expect(lacking.shadow.statistics.of('Note')).toMatchObject({ empty: 0, diverged: 1 })
  })

  test('with unequal content at equal versions is a divergence, and hides what is sensitive', async () => {
    const { found, raw } = await comparedPage([{ control: [a('x')], candidate: [a('y')] }])
    expect(found).toEqual(['divergence title a', 'divergence secret a'])
    expect(raw[0]).toMatchObject({ control: 'x', candidate: 'y', controlVersion: '1.1', candidateVersion: '1.1' })
    expect(raw[1]).toMatchObject({ control: '[redacted]', candidate: '[redacted]' })
  })

  test('whose mirror catches up is lag, and nothing is reported', async () => {
    const { found, shadow } = await comparedPage([
      { control: [a('y', 2)], candidate: [a('x', 1)], owed: ['a'] },
      alike(a('y', 2)),
    ])
    expect(found).toEqual([])
    expect(shadow.statistics.of('Note')).toMatchObject({ lag: 1, diverged: 0 })
  })

  test('with unequal versions that nothing on its way explains is a finding of its own, with both contents', async () => {
    const { found, raw } = await comparedPage([{ control: [a('y', 2)], candidate: [a('x', 1)] }])
    expect(found).toEqual(['version  a'])
    expect(raw[0]).toMatchObject({
      control: { title: 'y', secret: '[redacted]' },
      candidate: { title: 'x', secret: '[redacted]' },
      controlVersion: '1.2',
      candidateVersion: '1.1',
    })
  })

  test('with unequal versions of equal content is one, too: that mirror was not kept', async () => {
    const { found, raw } = await comparedPage([{ control: [a('x', 1)], candidate: [a('x', 7)] }])
    expect(found).toEqual(['version  a'])
    expect(raw[0]).toMatchObject({ control: {}, candidate: {}, controlVersion: '1.1', candidateVersion: '1.7' })
  })

  test('whose records are written over and over again is not decided, and counted', async () => {
    const worlds = [1, 2, 3, 4, 5].map((n): World => ({ control: [a('x', n + 1)], candidate: [a('x', n)] }))
    const { found, shadow, seen } = await comparedPage(worlds)
    expect(found).toEqual([])
    expect(shadow.statistics.of('Note')).toMatchObject({ indeterminate: 1, diverged: 0 })
    expect(seen?.undecided).toEqual([{ type: 'Note', reason: 'changing', count: 1, id: null, owedMs: null }])
  })

  test('that stays owed is lag with its age, whatever else is found beside it', async () => {
    const world: World = {
      control: [a('y', 2), b('b', 1), c()],
      candidate: [a('x', 1), b('B', 1)],
      owed: ['a'],
    }
    const { found, seen, shadow } = await comparedPage([world])
    expect(found).toEqual(['divergence title b', 'divergence secret b', 'missing  c'])
    expect(shadow.statistics.of('Note')).toMatchObject({ diverged: 1, lag: 0, indeterminate: 0 })
    expect(seen?.undecided).toEqual([
      { type: 'Note', reason: 'owed', count: 1, id: 'a', owedMs: expect.closeTo(5_000, -3) },
    ])
  })

  test('tells what it decided at once only once, however often the rest is looked at', async () => {
    const world: World = { control: [a('y', 2), b('b', 1)], candidate: [a('x', 1), b('B', 1)], owed: ['a'] }
    const { found } = await comparedPage([world, world, world])
    expect(found).toEqual(['divergence title b', 'divergence secret b'])
  })

  test('that lacks a record is reported only once a closer look agrees', async () => {
    const missing = await comparedPage([{ control: [a()], candidate: [] }])
    expect(missing.found).toEqual(['missing  a'])
    const late = await comparedPage([{ control: [a()], candidate: [] }, alike(a())])
    expect(late.found).toEqual([])
    expect(late.shadow.statistics.of('Note').lag).toBe(1)
  })

  test('that has a record which the control deleted meanwhile is not reported', async () => {
    const { found } = await comparedPage([
      { control: [], candidate: [a()] },
      { control: [], candidate: [a()], owed: ['a'] },
      alike(),
    ])
    expect(found).toEqual([])
  })

  test.each(['control', 'candidate'] as const)(
    'that a record was pushed off says nothing of the record, which the %s may delete during the look',
    async (side) => {
      const deleted = { control: [a()], candidate: [a()], [side]: [] }
      const { found } = await comparedPage([{ ...alike(a()), listed: deleted }, deleted, alike()])
      expect(found).toEqual([])
    },
  )

  test('that has a record of which the control knows nothing is reported', async () => {
    expect((await comparedPage([{ control: [], candidate: [a()] }])).found).toEqual(['extra  a'])
  })

  test('that was cut does not report a record which another one has pushed over its end', async () => {
    const world: World = {
      control: [a(), b(), c()],
      candidate: [b(), c()],
      listed: { control: [a(), b()], candidate: [b(), c()] },
    }
    const { found } = await comparedPage([world], {}, 2)
    expect(found).toEqual(['missing  a'])
  })

  test('that was cut reports records which are alike and listed by one store alone', async () => {
    const world: World = {
      ...alike(a(), b(), c()),
      listed: { control: [a(), b()], candidate: [a(), c()] },
    }
    const { found, raw } = await comparedPage([world], {}, 2)
    expect(found).toEqual(['missing  b', 'extra  c'])
    expect(raw[0]).toMatchObject({ control: '(listed)', candidate: '(not listed)' })
  })

  test('that was not cut reports such a record whatever else it lacks', async () => {
    const world: World = {
      control: [a(), b()],
      candidate: [b(), c()],
      listed: { control: [a()], candidate: [c()] },
    }
    const { found } = await comparedPage([{ ...world, control: [a(), b(), c()] }], {}, 100)
    expect(found.sort()).toEqual(['extra  c', 'missing  a'])
  })

  test('that was cut reports nothing while one of the records that it shifts is being written', async () => {
    const listed = { control: [a(), b()], candidate: [a(), c()] }
    const { found } = await comparedPage(
      [
        { ...alike(a(), b(), c()), listed },
        alike(a(), b(), c()),
        { control: [a(), b(), c('first', 2)], candidate: [a(), b(), c()], listed },
      ],
      {},
      2,
    )
    expect(found).toEqual([])
  })

  test('names the field by which a record left one list, not the list', async () => {
    const world: World = {
      control: [a('x', 1)],
      candidate: [a('y', 1)],
      listed: { control: [a('x', 1)], candidate: [] },
    }
    expect((await comparedPage([world])).found).toEqual(['divergence title a', 'divergence secret a'])
  })

  test('in another order is reported where the control agrees with itself and nothing is owed', async () => {
    const world: World = { control: [a(), b()], candidate: [b(), a()] }
    expect((await comparedPage([world])).found).toEqual(['order  null'])
    const pending = await comparedPage([world], { pending: async () => true })
    expect(pending.found).toEqual([])
    expect(pending.seen?.undecided).toMatchObject([{ reason: 'owed', count: 1, id: null, owedMs: null }])
  })

  test('in which a record that differs stands elsewhere has no other order for that', async () => {
    const world: World = { control: [a('x'), b(), c()], candidate: [b(), c(), a('zz')] }
    expect((await comparedPage([world])).found).toEqual(['divergence title a', 'divergence secret a'])
  })
})

test('a record that differs on two lists of one read is told once', async () => {
  const lists = (title: string): Outcome => {
    const one = page([a(title)])
    return one.is === 'value' ? one : { ...one, lists: new Map([...one.lists, ['second', one.lists.get('')!]]) }
  }
  const { found } = await compared({ control: () => lists('x'), candidate: async () => lists('y') })
  expect(found).toEqual(['divergence title a', 'divergence secret a'])
})

describe('a whole value', () => {
  test('that differs is reported where the control equals itself', async () => {
    const { found, raw } = await compared({ control: () => value(3), candidate: async () => value(2) })
    expect(found).toEqual(['divergence  null'])
    expect(raw[0]).toMatchObject({ control: 3, candidate: 2 })
  })

  test('is no divergence while a write of one of its types is owed', async () => {
    const { found, shadow, seen } = await compared(
      { types: ['Note', 'Author'], control: () => value(3), candidate: async () => value(2) },
      { pending: async (type) => type === 'Author' },
    )
    expect(found).toEqual([])
    expect(shadow.statistics.of('Note')).toMatchObject({ lag: 1 })
    expect(seen?.undecided).toEqual([{ type: 'Note', reason: 'owed', count: 1, id: null, owedMs: null }])
  })

  test('of a control that never equals itself is not decided', async () => {
    let n = 0
    const { found, seen } = await compared({
      control: () => value(-1),
      candidate: async () => value('other'),
      again: async () => value(n++),
    })
    expect(found).toEqual([])
    expect(seen?.undecided).toMatchObject([{ reason: 'changing', count: 1 }])
  })

  test('is compared as it is and shown as its field says', async () => {
    const shown = (): string => '[redacted]'
    const { raw } = await compared({
      control: () => ({ is: 'value', value: 'a@example.com', shown }),
      candidate: async () => ({ is: 'value', value: 'b@example.com', shown }),
    })
    expect(raw).toMatchObject([{ control: '[redacted]', candidate: '[redacted]' }])
  })
})

class Gone extends Error {
  readonly code = 'ECONNREFUSED'
}

const failureOf = (error: unknown) => (error instanceof Gone ? 'unreachable' : null)

describe('a candidate that does not answer', () => {
  test('for no fault of the read is an outage: no mismatch, nothing compared, nothing covered', async () => {
    const gone = (): Promise<Outcome> => Promise.reject(new Gone('connect ECONNREFUSED 127.0.0.1:1'))
    const { found, shadow, seen } = await compared({ candidate: gone }, { failureOf })
    expect(found).toEqual([])
    expect(shadow.statistics.of('Note')).toMatchObject({ sampled: 1, outages: 1, compared: 0, failed: 0 })
    expect(seen?.coverage).toEqual([])
    expect(seen?.failures).toEqual([
      {
        type: 'Note',
        resolver: 'Query.notes',
        store: 'postgres',
        kind: 'outage',
        reason: 'unreachable (ECONNREFUSED)',
        count: 1,
      },
    ])
    expect(seen?.timings).toEqual([])
  })

  test('in time is an outage, too, and counts with the time that it had', async () => {
    const late = async (): Promise<Outcome> => sleep(200).then(() => value(1))
    const { found, seen } = await compared({ control: () => value(1), candidate: late }, { timeoutMs: 10 })
    expect(found).toEqual([])
    expect(seen?.failures).toMatchObject([{ kind: 'outage', reason: 'timeout', count: 1 }])
    expect(seen?.timings.map(({ store, count }) => `${store} ${count}`)).toEqual(['mongo 1', 'postgres 1'])
  })

  test('but refuses what the control answered is a mismatch that tells the error, without values', async () => {
    const refused = Object.assign(new Error('operator does not exist: "Smith" (123456789)'), { code: '42883' })
    const { found, raw, shadow, seen } = await compared({ candidate: () => Promise.reject(refused) })
    expect(found).toEqual(['error 42883 null'])
    expect(raw[0]!.candidate).toEqual({ code: '42883', message: 'operator does not exist: … …' })
    expect(shadow.statistics.of('Note')).toMatchObject({ compared: 1, failed: 1, outages: 0 })
    expect(seen?.coverage).toEqual([])
  })

  test('when it is looked at again leaves the difference open; the control, likewise', async () => {
    for (const side of ['control', 'candidate'] as const) {
      const { found, seen } = await compared(
        {
          control: () => value(3),
          candidate: fails(side === 'candidate', value(2), 1),
          again: fails(side === 'control', value(3), 0),
        },
        { failureOf },
      )
      expect(found).toEqual([])
      expect(seen?.undecided).toMatchObject([{ reason: 'unread', count: 1 }])
      expect(seen?.failures).toEqual([])
    }
  })
})

/** Answers so many times; then it fails, where it does. */
function fails(does: boolean, outcome: Outcome, times: number): () => Promise<Outcome> {
  let calls = 0
  return async () => {
    if (does && calls++ >= times) throw new Gone('gone')
    return outcome
  }
}

test('a client’s read that the control did not answer is counted, one that the client got wrong is not', async () => {
  const kept: unknown[] = []
  const shadow = new Shadow({
    pending: async () => false,
    owedFor: async () => new Map(),
    keep: async ({ failures, verdicts }) => void kept.push(...failures, ...verdicts),
    rules: async () => [],
    failureOf,
    log: () => undefined,
  })
  const asked = { entity: Note, epoch: 1, resolver: 'Query.notes', store: 'mongo' } as const
  shadow.controlFailed(asked, new CrossfadeError('UNAVAILABLE', 'try again', { cause: new Gone('gone') }))
  shadow.controlFailed(asked, new CrossfadeError('BAD_USER_INPUT', 'first is between 0 and 100'))
  shadow.controlFailed(asked, new FailedOver('postgres'))
  await shadow.idle()
  const place = { type: 'Note', resolver: 'Query.notes', store: 'mongo', kind: 'outage' }
  expect(kept).toEqual([
    { ...place, reason: 'unreachable (ECONNREFUSED)', count: 1 },
    { ...place, reason: 'the other store answered', count: 1 },
    expect.objectContaining({ type: 'Note', verdict: 'outages', count: 2 }),
  ])
  expect(shadow.statistics.of('Note')).toMatchObject({ sampled: 2, outages: 2, compared: 0 })
})

describe('the budget', () => {
  const experiment = (candidate: () => Promise<Outcome>) =>
    ({
      entity: Note,
      fields: null,
      epoch: 1,
      types: ['Note'],
      resolver: 'Query.notes',
      stores: { control: 'mongo', candidate: 'postgres' },
      args: () => ({}),
      control: () => value(1),
      bytes: 1_000,
      controlMs: 1,
      candidate,
      again: async () => value(1),
      records: async () => new Map(),
    }) as const
  const options = {
    pending: async () => false,
    owedFor: async () => new Map(),
    rules: async () => [],
    failureOf: () => null,
    log: () => undefined,
    recheckMs: [1],
  }

  test('sheds what it has no room for, and counts it', async () => {
    const shadow = new Shadow({ ...options, keep: async () => undefined, concurrency: 1, queue: 2 })
    for (let n = 0; n < 10; n++) shadow.offer(experiment(() => sleep(20).then(() => value(1))))
    await shadow.idle()
    const { sampled, shed, matched } = shadow.statistics.of('Note')
    expect(sampled).toBe(10)
    expect(shed + matched).toBe(10)
    expect(shed).toBeGreaterThanOrEqual(7)
  })

  test('has room for so many bytes of records, again once they were compared', async () => {
    const shadow = new Shadow({ ...options, keep: async () => undefined, queueBytes: 3_500 })
    for (let round = 1; round <= 2; round++) {
      for (let n = 0; n < 10; n++) shadow.offer(experiment(async () => value(1)))
      await shadow.idle()
      await sleep(0) // what ends last gives its room back behind the count
      expect(shadow.statistics.of('Note')).toMatchObject({ sampled: 10 * round, matched: 3 * round, shed: 7 * round })
    }
  })

  test('looks again at so many comparisons and no more; the others are not decided, and counted', async () => {
    const found: Mismatch[] = []
    const undecided: unknown[] = []
    const shadow = new Shadow({
      ...options,
      onMismatch: (mismatch) => found.push(mismatch),
      keep: async (seen) => void undecided.push(...seen.undecided),
      recheckQueue: 3,
      recheckMs: [50],
    })
    for (let n = 0; n < 10; n++) shadow.offer(experiment(async () => value(2)))
    await shadow.idle()
    expect(found).toHaveLength(3)
    expect(undecided).toEqual([{ type: 'Note', reason: 'no room', count: 7, id: null, owedMs: null }])
    expect(shadow.statistics.of('Note')).toMatchObject({ compared: 10, diverged: 3, indeterminate: 7 })
  })

  test('asks what is owed once for many comparisons', async () => {
    let questions = 0
    const pending = async (): Promise<boolean> => {
      questions++
      return false
    }
    const shadow = new Shadow({ ...options, pending, keep: async () => undefined, rechecks: 20 })
    for (let n = 0; n < 20; n++) shadow.offer(experiment(async () => value(2)))
    await shadow.idle()
    expect(shadow.statistics.of('Note').diverged).toBe(20)
    expect(questions).toBeLessThan(20) // 40, were each comparison to ask for itself, before and after
  })
})
