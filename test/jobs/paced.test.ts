import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Lot } from '../../src/jobs/lots.ts'
import { Pace, paced } from '../../src/jobs/paced.ts'

const lot: Lot = {
  images: [],
  quarantined: [{ id: '"x"', issues: [] }],
  stretch: null,
  isLast: false,
  since: 0,
}

async function* lots(): AsyncGenerator<Lot, void> {
  for (let n = 0; n < 3; n++) yield lot
}

test('the first lot comes at once, the next when its time has come, and an abort does not wait for that', async () => {
  const stop = new AbortController()
  const slow = paced(lots(), new Pace(0.001), stop.signal) // a document in a quarter of an hour
  expect((await slow.next()).value).toBe(lot)
  const second = slow.next()
  expect(await Promise.race([second, sleep(50, 'waits')])).toBe('waits')
  stop.abort('enough')
  await expect(second).rejects.toBe('enough')
})

test('without a rate nothing waits', async () => {
  let given = 0
  for await (const _ of paced(lots(), new Pace(), undefined)) given++
  expect(given).toBe(3)
})

test('a pause holds lots until it ends, and a limit is shared by those who copy', async () => {
  const pace = new Pace()
  pace.heed({ isPaused: true, limit: null })
  const held = paced(lots(), pace, undefined)
  const first = held.next()
  expect(await Promise.race([first, sleep(400, 'waits')])).toBe('waits')
  pace.heed({ isPaused: false, limit: 0.002 }, 2)
  expect((await first).value).toBe(lot)
  const second = held.next()
  expect(await Promise.race([second, sleep(400, 'waits')])).toBe('waits')
  pace.heed({ isPaused: false, limit: null })
  expect((await second).value).toBe(lot)
})
