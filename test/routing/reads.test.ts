import { expect, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import { ReadBreakers } from '../../src/routing/read-breakers.ts'
import { Reads } from '../../src/routing/reads.ts'
import type { Routing } from '../../src/routing/routing.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { requestTo, routingOf } from '../support/reads-in.ts'

test('a request keeps its decision while the flag changes; the next one decides anew', () => {
  let stage: Stage = 'shadow'
  const routing = {
    flags: { get: (type: string) => ({ ...initialFlag(type), fresh: 1, stage }) },
    killSwitch: { isOn: () => false },
    sweeper: { lagMs: () => 0 },
    breakers: new ReadBreakers(() => undefined),
    limits: { statements: 200, records: 50_000, textLength: 2_000 },
  } as unknown as Routing
  const reads = new Reads(routing, () => 'anna', false)
  expect(reads.decision('Movie').reads).toBe('mongo')
  stage = 'live'
  expect(reads.decision('Movie').reads).toBe('mongo')
  expect(reads.decision('Comment').reads).toBe('postgres')
  expect(new Reads(routing, () => 'anna', false).decision('Movie').reads).toBe('postgres')
})

test('types of a group go by one flag, and each by its own backlog, writers and failures', () => {
  const flag = { type: 'money', members: ['Purse', 'Transfer'], stage: 'shadow', readPercent: 100 } as const
  const lags: Record<string, number> = { Purse: 0, Transfer: 5_000 }
  const routing = routingOf(flag, { sweeper: { lagMs: (type: string) => lags[type] ?? Number.POSITIVE_INFINITY } })
  const readFrom = (type: string) => requestTo(routing).decision(type).reads
  expect([readFrom('Purse'), readFrom('Transfer')]).toEqual(['postgres', 'mongo'])
  lags['Transfer'] = 0
  expect(readFrom('Transfer')).toBe('postgres')
  routing.recentWrites.note('Transfer', 'anna')
  expect([readFrom('Purse'), readFrom('Transfer')]).toEqual(['postgres', 'mongo'])
  for (let n = 0; n < 5; n++) routing.breakers.failed('Purse', 'postgres', 'unreachable', new Error('gone'))
  expect(readFrom('Purse')).toBe('mongo')
})
