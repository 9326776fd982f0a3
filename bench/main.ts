import { parseArgs } from 'node:util'
import { backfillBench } from './backfill.ts'
import { decideBench } from './decide.ts'
import { holds } from './holds.ts'
import { hostile } from './hostile.ts'
import { mirroredWrite } from './mirrored-write.ts'
import { pages } from './pages.ts'
import { profileBench } from './profile.ts'
import { queryCount } from './query-count.ts'
import { routedRead } from './routed-read.ts'
import type { Row } from './row.ts'
import { shadow } from './shadow.ts'
import { soak } from './soak.ts'
import { trouble } from './trouble.ts'
import { typeCheck } from './type-check.ts'
import { verifyBench } from './verify.ts'

/** Those that run where none is named; the others take as long as they are told. */
const standard = ['routed-read', 'shadow', 'mirrored-write', 'decide', 'query-count', 'type-check']

const benches: Readonly<Record<string, (only: string, minutes: number, isLong: boolean) => Promise<Row[]>>> = {
  backfill: backfillBench,
  'routed-read': routedRead,
  shadow,
  'query-count': queryCount,
  pages,
  hostile,
  decide: decideBench,
  'mirrored-write': mirroredWrite,
  'type-check': typeCheck,
  holds,
  profile: profileBench,
  soak,
  trouble,
  verify: verifyBench,
}

const {
  values: { json, only, minutes, long },
  positionals: wanted,
} = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: '30' },
    long: { type: 'boolean', default: false },
  },
})
const unknown = wanted.filter((name) => !(name in benches))
if (unknown.length > 0)
  throw new Error(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.`)

const rows: Row[] = []
for (const [name, bench] of Object.entries(benches)) {
  if ((wanted.length === 0 ? standard : wanted).includes(name)) rows.push(...(await bench(only, Number(minutes), long)))
}
if (json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
else {
  for (const { bench, case: name, baseline, ours, unit, ratio } of rows) {
    process.stdout.write(
      `${bench}  ${name.padEnd(44)} ${String(ours).padStart(8)} against ${String(baseline).padStart(8)} ${unit}  ratio ${ratio.toFixed(2)}\n`,
    )
  }
}
