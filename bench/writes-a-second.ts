import { say } from './fixture.ts'
import { median } from './load.ts'
import type { Row } from './row.ts'

const [rounds, runMs] = [5, 1_500]

export type Write = () => Promise<unknown>

/** Writes a second, by so many clients at a time. */
async function measure(one: Write, clients: number): Promise<number> {
  const began = performance.now()
  let count = 0
  const client = async (): Promise<void> => {
    while (performance.now() - began < runMs) {
      await one()
      count++
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return (count * 1_000) / (performance.now() - began)
}

/** Two ways to write, in turn: medians of five rounds. */
export async function writesASecond(
  bench: string,
  stage: string,
  clients: number,
  baseline: Write,
  ours: Write,
): Promise<Row> {
  for (const one of [baseline, ours]) await measure(one, clients)
  const measured = { baseline: [] as number[], ours: [] as number[], ratio: [] as number[] }
  let before = await measure(baseline, clients)
  for (let round = 0; round < rounds; round++) {
    const middle = await measure(ours, clients)
    const after = await measure(baseline, clients)
    const around = (before + after) / 2
    measured.baseline.push(around)
    measured.ours.push(middle)
    measured.ratio.push(middle / around)
    before = after
  }
  const name = `${stage}, ${clients} client${clients > 1 ? 's' : ''}`
  const ratio = median(measured.ratio)
  say(`${name}: ${ratio.toFixed(2)}`)
  const [theirs, own] = [measured.baseline, measured.ours].map((each) => Math.round(median(each)))
  return { bench, case: name, baseline: theirs!, ours: own!, unit: 'writes/s', ratio }
}
