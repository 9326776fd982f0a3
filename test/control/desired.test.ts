import { describe, expect, test } from 'vitest'
import { type Asked, takeDesired } from '../../src/control/desired.ts'
import { type Flag, initialFlag, parseFlag } from '../../src/control/flag.ts'

const flag = (change: Partial<Flag>): Flag => ({ ...initialFlag('Movie'), stage: 'shadow', fresh: 1, ...change })
const desired = (change: Asked) => ({ stage: null, readPercent: null, samplePercent: null, ...change })

describe('What a provider asks for', () => {
  test('of shares is in force as soon as it is taken', () => {
    expect(takeDesired(flag({}), { readPercent: 10, samplePercent: 5 })).toEqual({
      readPercent: 10,
      samplePercent: 5,
      returned: null,
      desired: desired({ readPercent: 10, samplePercent: 5 }),
    })
  })

  test('of a stage is noted, and changes nothing', () => {
    expect(takeDesired(flag({}), { stage: 'live' })).toEqual({ desired: desired({ stage: 'live' }) })
    expect(takeDesired(flag({ desired: desired({ stage: 'live' }) }), { stage: 'live' })).toBeNull()
    expect(takeDesired(flag({ desired: desired({ stage: 'live' }) }), { stage: null })).toEqual({
      desired: desired({}),
    })
  })

  test('and was taken stands behind an operator’s word, until the provider says something else', () => {
    const set = flag({ readPercent: 3, desired: desired({ readPercent: 10 }) })
    expect(takeDesired(set, { readPercent: 10 })).toBeNull()
    expect(takeDesired(set, { readPercent: 20 })).toMatchObject({ readPercent: 20 })
  })

  test('does not move reads again that a spent budget has taken back, until it is another', () => {
    const returned = { at: '2026-11-27T12:00:00.000Z', by: 'a', why: 'b', readPercent: 10 }
    const spent = flag({ readPercent: 0, returned, desired: desired({ readPercent: 10 }) })
    expect(takeDesired(spent, { readPercent: 10 })).toBeNull()
    expect(takeDesired(spent, { readPercent: 10, samplePercent: 50 })).toEqual({
      samplePercent: 50,
      desired: desired({ readPercent: 10, samplePercent: 50 }),
    })
    expect(takeDesired(spent, { readPercent: 5 })).toMatchObject({ readPercent: 5, returned: null })
  })

  test.each([
    ['a stage without a second store', { stage: 'off' }],
    ['a stage that compares nothing', { stage: 'dualwrite' }],
    ['a mirror that was not made equal', { fresh: null }],
  ] as const)('waits in %s, and is in force once the stage allows', (_, change) => {
    expect(takeDesired(flag(change), { readPercent: 10, samplePercent: 5 })).toBeNull()
    expect(takeDesired(flag(change), { stage: 'live', readPercent: 10 })).toEqual({
      desired: desired({ stage: 'live' }),
    })
    expect(takeDesired(flag({}), { readPercent: 10 })).toMatchObject({ readPercent: 10 })
  })

  test('and does not say, or says without sense, changes nothing', () => {
    const taken = flag({ readPercent: 10, desired: desired({ stage: 'live', readPercent: 10, samplePercent: 7 }) })
    expect(takeDesired(taken, {})).toBeNull()
    expect(takeDesired(taken, { stage: null, readPercent: null, samplePercent: null })).toEqual({
      desired: desired({}),
    })
  })
})

test('a flag is in force though what only tells of it is malformed', () => {
  const whole = { ...flag({ readPercent: 10 }) }
  expect(parseFlag({ ...whole, returned: 5, desired: { stage: 'nope' } })).toEqual(whole)
  const { returned: _, desired: __, ...older } = whole
  expect(parseFlag(older)).toEqual(whole)
})
