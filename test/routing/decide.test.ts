import { describe, expect, test } from 'vitest'
import { type Flag, initialFlag } from '../../src/control/flag.ts'
import { bucket, decide } from '../../src/routing/decide.ts'

const flag = (change: Partial<Flag>): Flag => ({
  ...initialFlag('Movie'),
  stage: 'shadow',
  fresh: 1,
  samplePercent: 10,
  ...change,
})

describe('deciding where a type is read', () => {
  test('without a read percentage everybody reads as the stage says', () => {
    expect(decide(flag({}), 'anna', true)).toEqual({
      reads: 'mongo',
      candidate: 'postgres',
      samplePercent: 10,
      epoch: 1,
    })
    expect(decide(flag({ stage: 'live' }), 'anna', true)).toEqual({
      reads: 'postgres',
      candidate: 'mongo',
      samplePercent: 10,
      epoch: 1,
    })
    expect(decide(flag({ stage: 'off', readPercent: 100 }), 'anna', true)).toEqual({
      reads: 'mongo',
      candidate: null,
      samplePercent: 0,
      epoch: 1,
    })
  })

  test('who is not known is in no share but the whole', () => {
    const places = ['Movie', 'User', 'Theater', 'Comment', 'Paper', 'Word'].map(
      (type) => decide(flag({ type, readPercent: 99 }), '', true).reads,
    )
    expect(new Set(places)).toEqual(new Set(['mongo']))
    expect(decide(flag({ readPercent: 100 }), '', true).reads).toBe('postgres')
  })

  test('a subject stays where it is, and the share is about what was asked for', () => {
    const subjects = Array.from({ length: 2_000 }, (_, index) => `user ${index}`)
    const moved = (): string[] =>
      subjects.filter((subject) => decide(flag({ readPercent: 30 }), subject, true).reads === 'postgres')
    expect(moved()).toEqual(moved())
    expect(moved().length).toBeGreaterThan(500)
    expect(moved().length).toBeLessThan(700)
  })

  test('whoever moved at a low percentage is still moved at a higher one', () => {
    for (const subject of ['anna', 'bert', 'carl', 'dora']) {
      const at = (readPercent: number): string => decide(flag({ readPercent }), subject, true).reads
      if (at(20) === 'postgres') expect(at(60)).toBe('postgres')
    }
    // The first 32 bits of SHA-1, as hashlib has them: whoever has moved stays where he is, whatever version runs
    expect(bucket('Movie', 'anna')).toBeCloseTo(39.39396410714835, 10)
    expect(bucket('Movie', 'anna')).not.toBe(bucket('Comment', 'anna'))
  })

  test('nobody is sent to a store that was not made equal, and nothing is compared with it', () => {
    const alone = { candidate: null, samplePercent: 0, epoch: 1 }
    const unfresh = { fresh: null, readPercent: 100, samplePercent: 100 } as const
    expect(decide(flag(unfresh), 'anna', true)).toEqual({ reads: 'mongo', ...alone })
    expect(decide(flag({ ...unfresh, stage: 'live' }), 'anna', true)).toEqual({ reads: 'postgres', ...alone })
  })

  test('nobody is sent to a mirror that lags', () => {
    expect(decide(flag({ readPercent: 100 }), 'anna', true).reads).toBe('postgres')
    expect(decide(flag({ readPercent: 100 }), 'anna', false).reads).toBe('mongo')
  })
})
