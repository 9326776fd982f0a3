import { expect, test } from 'vitest'
import { times } from '../../src/control/times.ts'

/** Each with what must be shorter. */
const order: readonly (readonly [shorter: number, longer: number, why: string])[] = [
  [times.probe, times.flagInterval, 'a late probe is known before the next look'],
  [times.flagInterval + times.controlCall, times.confirmation, 'a look that takes its whole time confirms still'],
  [times.confirmation + times.write, times.gone, 'no write of a gateway that is gone begins another step'],
  [times.write, times.request, 'a write that waits half of its time can end in the rest'],
  [times.gone, times.move, 'a move outlasts a gateway that has died'],
]

test.each(order)('%i ms is less than %i ms: %s', (shorter, longer) => {
  expect(shorter).toBeLessThan(longer)
})
