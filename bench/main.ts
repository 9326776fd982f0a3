import { routedRead } from './routed-read.ts'
import type { Row } from './row.ts'

const benches: Readonly<Record<string, () => Promise<Row[]>>> = { 'routed-read': routedRead }

const args = process.argv.slice(2)
const wanted = args.filter((arg) => !arg.startsWith('--'))
const unknown = wanted.filter((name) => !(name in benches))
if (unknown.length > 0)
  throw new Error(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.`)

const rows: Row[] = []
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.includes(name)) rows.push(...(await bench()))
}
if (args.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
else {
  for (const { bench, case: name, baseline, ours, unit, ratio } of rows) {
    process.stdout.write(
      `${bench}  ${name.padEnd(44)} ${String(ours).padStart(8)} against ${String(baseline).padStart(8)} ${unit}  ratio ${ratio.toFixed(2)}\n`,
    )
  }
}
