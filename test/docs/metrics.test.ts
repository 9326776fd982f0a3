import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { jobMetrics } from '../../src/admin/job-metrics.ts'
import { Metrics } from '../../src/admin/metrics.ts'
import { routingMetrics } from '../../src/admin/routing-metrics.ts'
import type { Routing } from '../../src/routing/routing.ts'

const docs = join(import.meta.dirname, '../../docs')
const namesIn = (text: string): string[] => [...new Set(text.match(/\bcrossfade_[a-z_]+(?=[`{ )[]|$)/gm) ?? [])]

const metrics = new Metrics()
const routing = { entities: [] } as unknown as Routing
for (const each of [...routingMetrics(routing), ...jobMetrics(routing.stores, [])]) metrics.add(each)
const kept = metrics.registry.getMetricsAsArray().map(({ name }) => name)
const ours = kept.filter((name) => name.startsWith('crossfade_'))

test('the page names every metric, and no other', () => {
  const page = readFileSync(join(docs, 'admin.md'), 'utf8')
  const listed = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
  expect(listed.toSorted()).toEqual(ours.toSorted())
})

test.each(['alerts.yml', 'dashboard.json'])('%s names metrics that there are', (file) => {
  const rules = readFileSync(join(docs, 'prometheus', file), 'utf8')
  const named = [...namesIn(rules), ...(rules.match(/\bnodejs_[a-z0-9_]+/g) ?? [])]
  expect(named.length).toBeGreaterThan(8)
  for (const name of named) expect(kept).toContain(name.replace(/_(bucket|count)$/, ''))
})
