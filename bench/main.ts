import { InvalidArgumentError } from 'commander'
import { didYouMean } from '../src/util/did-you-mean.ts'
import { inOneLine } from '../test/support/in-one-line.ts'
import { backfillBench } from './backfill.ts'
import { consoleBench } from './console.ts'
import { consoleSoak } from './console-soak.ts'
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
import { updateBench } from './update.ts'
import { verifyBench } from './verify.ts'

interface Bench {
  readonly run: (only: string, minutes: number, isLong: boolean) => Promise<Row[]>
  readonly does: string
  /** Runs where none is named; the others take as long as they are told. */
  readonly isStandard?: true
}

const benches: Readonly<Record<string, Bench>> = {
  backfill: { run: backfillBench, does: 'copies, against a script that finds and copies without a check' },
  'routed-read': { run: routedRead, does: 'reads, against resolvers written by hand', isStandard: true },
  shadow: { run: shadow, does: 'what it costs to compare every read, beside other libraries', isStandard: true },
  'query-count': { run: queryCount, does: 'store queries of an operation', isStandard: true },
  pages: { run: pages, does: 'a page among many records, against one among few' },
  hostile: { run: hostile, does: 'what an honest client sees beside hostile ones' },
  console: { run: consoleBench, does: 'the console over many groups of differences, against few' },
  'console-soak': { run: consoleSoak, does: 'reads while somebody looks at the console, and while nobody does' },
  decide: { run: decideBench, does: 'decisions, against flag libraries', isStandard: true },
  'mirrored-write': {
    run: mirroredWrite,
    does: 'writes, against two awaits, and what killed processes lose',
    isStandard: true,
  },
  'type-check': { run: typeCheck, does: 'what a type costs the compiler', isStandard: true },
  holds: { run: holds, does: 'how long a move of authority holds writes' },
  profile: { run: profileBench, does: 'a look at every document of a collection' },
  soak: { run: soak, does: 'what is kept in memory, minute by minute' },
  trouble: { run: trouble, does: 'what clients see of stores that hang, second by second' },
  update: { run: updateBench, does: 'changes that are decided by a record, against ones that are not' },
  verify: { run: verifyBench, does: 'comparing both stores, against cursors written by hand' },
}

const names = Object.keys(benches)
const widest = Math.max(...names.map(({ length }) => length))
const listed = Object.entries(benches).map(
  ([name, { does, isStandard }]) => `  ${name.padEnd(widest)}  ${does}${isStandard ? ' *' : ''}`,
)

function minutesOf(text: string): number {
  const minutes = Number(text)
  if (!(minutes > 0)) throw new InvalidArgumentError('It must be a number above 0.')
  return minutes
}

interface Options {
  readonly json?: true
  readonly only: string
  readonly minutes: number
  readonly long?: true
}

const program = inOneLine('npm run bench --')
  .description('Measures, each time against what is named: baseline and ours in turn, in one run.')
  .addHelpText('before', 'Example:\n  npm run bench -- mirrored-write --only "live, 10"\n')
  .addHelpText('after', `\nBenches (* where none is named):\n${listed.join('\n')}`)
  .argument('[benches...]', 'by name')
  .option('--only <text>', 'the cases whose names hold it', '')
  .option('--minutes <number>', 'how long a soak lasts', minutesOf, 30)
  .option('--long', 'backfill up to a million documents, verify up to 100,000, 25 rounds of routed-read')
  .option('--json', 'print as JSON')
  .parse()
const { json, only, minutes, long }: Options = program.opts()
const wanted: readonly string[] = program.args
const unknown = wanted.find((name) => !(name in benches))
if (unknown !== undefined) program.error(`There is no bench ${unknown}.${didYouMean(unknown, names)}`)

const rows: Row[] = []
for (const [name, { run, isStandard }] of Object.entries(benches))
  if (wanted.length === 0 ? isStandard : wanted.includes(name)) rows.push(...(await run(only, minutes, long ?? false)))
if (json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
else {
  for (const { bench, case: name, baseline, ours, unit, ratio } of rows) {
    process.stdout.write(
      `${bench}  ${name.padEnd(44)} ${String(ours).padStart(8)} against ${String(baseline).padStart(8)} ${unit}  ratio ${ratio.toFixed(2)}\n`,
    )
  }
}
