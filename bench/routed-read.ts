import { byHandMongo } from './by-hand-mongo.ts'
import { byHandPostgres } from './by-hand-postgres.ts'
import { queries, sameAnswer, say, serveByHand, withFixture } from './fixture.ts'
import { load, median } from './load.ts'
import type { Row } from './row.ts'

/** A round differs from the next by a tenth where a store takes half of the processors: what is closer takes the long run. */
const roundsOf = (isLong: boolean): number => (isLong ? 25 : 5)

async function compare(name: string, baseline: string, ours: string, body: string, rounds: number): Promise<Row[]> {
  await sameAnswer(name, baseline, ours, body)
  const rows: Row[] = []
  // Many first: they warm the code of both servers sooner
  for (const connections of [50, 1]) {
    const run = (url: string, requests: number) => load({ url, body, connections, requests })
    const { perSecond } = await run(baseline, Math.max(20, 2 * connections))
    // About a second a run, and two answers on each connection at least
    const requests = Math.max(2 * connections, Math.round(perSecond))
    // As warm as servers that run for days: with less, the first case of a stage measures how soon code is compiled, and
    // behind a copy, which this process makes as well, how soon it is compiled anew
    for (let each = 0; each < 6; each++) for (const url of [baseline, ours]) await run(url, requests)
    const measured = {
      baseline: [] as number[],
      ours: [] as number[],
      ratio: [] as number[],
      p99: [] as number[],
      cpu: { baseline: [] as number[], ours: [] as number[] },
    }
    let before = await run(baseline, requests)
    for (let round = 0; round < rounds; round++) {
      // Each run of ours stands between two of the baseline's: the machine's drift falls on both
      const middle = await run(ours, requests)
      const after = await run(baseline, requests)
      const around = (before.perSecond + after.perSecond) / 2
      measured.baseline.push(around)
      measured.ours.push(middle.perSecond)
      measured.ratio.push(middle.perSecond / around)
      measured.p99.push(middle.p99 - (before.p99 + after.p99) / 2)
      measured.cpu.baseline.push((before.cpu + after.cpu) / 2)
      measured.cpu.ours.push(middle.cpu)
      before = after
    }
    const cpu = `CPU a request ${Math.round(median(measured.cpu.ours))} against ${Math.round(median(measured.cpu.baseline))} µs`
    const p99 = `p99 ${median(measured.p99).toFixed(1)} ms more`
    const label = `${name}, ${connections} connection${connections > 1 ? 's' : ''} (${p99}, ${cpu})`
    const ratio = median(measured.ratio)
    rows.push({
      bench: 'routed-read',
      case: label,
      baseline: Math.round(median(measured.baseline)),
      ours: Math.round(median(measured.ours)),
      unit: 'requests/s',
      ratio,
    })
    say(`${label}: ${ratio.toFixed(2)}`)
  }
  return rows
}

/**
 * Routed reads at 0 % sampling against resolvers written by hand for the one store that answers. `only`: a text that
 * the cases to run contain.
 */
export function routedRead(only: string, _minutes: number, isLong: boolean): Promise<Row[]> {
  return withFixture(async ({ stores, plainMongo, movieId, startGateway, move, copy }) => {
    const rows: Row[] = []
    const mongo = await serveByHand(byHandMongo(plainMongo))
    const postgres = await serveByHand(byHandPostgres(stores.postgres))
    const gateway = await startGateway()
    for (const stage of ['off', 'shadow', 'live'] as const) {
      if (stage === 'shadow') await copy()
      if (stage !== 'off') await move(stage)
      await gateway.routing.flags.refresh()
      const baseline = stage === 'live' ? postgres : mongo
      for (const [name, query] of Object.entries(queries(movieId))) {
        const label = `${stage}: ${name}`
        const body = JSON.stringify(query)
        if (label.includes(only))
          rows.push(...(await compare(label, baseline.url, gateway.url, body, roundsOf(isLong))))
      }
    }
    await gateway.close()
    mongo.close()
    postgres.close()
    return rows
  })
}
