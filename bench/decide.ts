import { init, LDMigrationStage } from '@launchdarkly/node-server-sdk'
import { InMemoryProvider, OpenFeature } from '@openfeature/server-sdk'
import { initialFlag } from '../src/control/flag.ts'
import { decide } from '../src/routing/decide.ts'
import { say } from './fixture.ts'
import { median } from './load.ts'
import type { Row } from './row.ts'

const [rounds, times, subjects] = [5, 50_000, 1_000]

type Decide = (subject: string) => unknown

/** Nanoseconds of one decision, over subjects that come again as clients do. */
async function measure(one: Decide): Promise<number> {
  const began = process.hrtime.bigint()
  for (let n = 0; n < times; n++) {
    const decided = one(`client-${n % subjects}`)
    if (decided instanceof Promise) await decided
  }
  return Number(process.hrtime.bigint() - began) / times
}

async function compare(name: string, baseline: Decide, ours: Decide): Promise<Row> {
  for (const one of [baseline, ours]) await measure(one)
  const measured = { baseline: [] as number[], ours: [] as number[], ratio: [] as number[] }
  let before = await measure(baseline)
  for (let round = 0; round < rounds; round++) {
    const middle = await measure(ours)
    const after = await measure(baseline)
    const around = (before + after) / 2
    measured.baseline.push(around)
    measured.ours.push(middle)
    measured.ratio.push(middle / around)
    before = after
  }
  const ratio = median(measured.ratio)
  say(`${name}: ${ratio.toFixed(3)}`)
  const [theirs, own] = [measured.baseline, measured.ours].map((each) => Math.round(median(each)))
  return { bench: 'decide', case: name, baseline: theirs!, ours: own!, unit: 'ns a decision', ratio }
}

/** Where reads of one type go for one subject, against what flag libraries take for one value from memory. */
export async function decideBench(only: string): Promise<Row[]> {
  const variants = { live: 'live', shadow: 'shadow' }
  await OpenFeature.setProviderAndWait(
    new InMemoryProvider({ movie: { variants, defaultVariant: 'shadow', disabled: false } }),
  )
  const openFeature = OpenFeature.getClient()
  const logger = { error: say, warn: () => undefined, info: () => undefined, debug: () => undefined }
  const launchDarkly = init('offline', { offline: true, logger })
  await launchDarkly.waitForInitialization({ timeout: 5 })
  const flag = { ...initialFlag('Movie'), stage: 'shadow', fresh: 2, epoch: 2 } as const
  const ours = (readPercent: number): Decide => {
    const shared = { ...flag, readPercent }
    return (subject) => decide(shared, subject, true)
  }
  const baselines: Readonly<Record<string, Decide>> = {
    'OpenFeature, in memory': (targetingKey) => openFeature.getStringValue('movie', 'off', { targetingKey }),
    'LaunchDarkly, offline': (key) => launchDarkly.migrationVariation('movie', { key }, LDMigrationStage.Shadow),
  }
  const rows: Row[] = []
  for (const [library, baseline] of Object.entries(baselines))
    for (const percent of [0, 10]) {
      const name = `${library}; ${percent} % of reads moved`
      if (name.includes(only)) rows.push(await compare(name, baseline, ours(percent)))
    }
  launchDarkly.close()
  await OpenFeature.close()
  return rows
}
