import { expect, test } from 'vitest'
import { Metrics } from '../../src/admin/metrics.ts'
import { routingMetrics } from '../../src/admin/routing-metrics.ts'
import type { Routing } from '../../src/routing/routing.ts'
import { Statistics } from '../../src/shadow/statistics.ts'

test('a type is told as soon as its flag is known, and what is counted is not added up at each look', async () => {
  let isKnown = false
  const routing = {
    entities: [{ name: 'Movie' }],
    flags: { has: () => isKnown, get: () => ({ stage: 'shadow' }), isDown: () => false },
    killSwitch: { isOn: () => false },
    sweeper: { backlog: () => null, isPausing: true },
    shadow: { statistics: new Statistics() },
    failOvers: { count: new Map([['Movie', 2]]), staleCount: new Map() },
    breakers: { isOpen: () => false },
    stores: { mongo: { pools: () => [] }, postgres: { pools: () => [] } },
  } as unknown as Routing
  const metrics = new Metrics()
  for (const each of routingMetrics(routing)) metrics.add(each)
  expect(await metrics.text()).not.toContain('crossfade_stage{')
  isKnown = true
  for (let look = 0; look < 2; look++) {
    const text = await metrics.text()
    expect(text).toContain('crossfade_stage{type="Movie",stage="shadow"} 1\n')
    expect(text).toContain('crossfade_fail_overs_total{type="Movie"} 2\n')
    expect(text).toContain('crossfade_sweep_paused 1\n')
  }
})
