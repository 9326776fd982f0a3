import { expect, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import { ReadBreakers } from '../../src/routing/read-breakers.ts'
import { Reads } from '../../src/routing/reads.ts'
import type { Routing } from '../../src/routing/routing.ts'
import type { Stage } from '../../src/stage/stage.ts'

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
