import { expect, test } from 'vitest'
import { times } from '../../src/control/times.ts'

/** Each with what must be shorter. */
const order: readonly (readonly [shorter: number, longer: number, why: string])[] = [
  [times.probe, times.flagInterval, 'a late probe is known before the next look'],
  [times.movingInterval, times.flagInterval, 'an announced move is looked for more often'],
  [times.flagInterval + times.controlCall, times.announced, 'an announcement is known before it is too old'],
  [times.flagInterval + times.controlCall, times.lease, 'a sign of life that takes its whole time gives a lease still'],
  [
    (times.lease + times.wait + times.write) * 1.02,
    times.gone,
    'the last step of a gateway that is gone has ended, though its clock is slow',
  ],
  [times.gone, times.claim, 'a claim outlasts whoever has it and is gone'],
  [times.claim, times.move, 'a move outlasts a claim of one that has died'],
  [3 * times.moverSign, times.lease, 'a mover that misses two signs of life is not taken for dead'],
  [times.moverLook, times.moverSign, 'a mover is seen to have ended before it would give its next sign of life'],
  [times.move, times.unfinished, 'a move that is waited for is not ended by others'],
  [times.write, times.request, 'a write that waits half of its time can end in the rest'],
  [20_000, times.request - times.remainder, 'a write that waits for its turn outlasts an election'],
  [times.gone, times.move, 'a move outlasts a gateway that has died'],
  [20_000, times.move, 'a move outlasts an election'],
]

test.each(order)('%i ms is less than %i ms: %s', (shorter, longer) => {
  expect(shorter).toBeLessThan(longer)
})
