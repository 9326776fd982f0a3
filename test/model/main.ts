import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { mutants as all } from './mutants.ts'
import { type Plan, planOf, smaller } from './plan.ts'

/** Set where it runs as one of several. */
interface Part {
  readonly from: number
  readonly count: number
}

interface Sum {
  histories: number
  operations: number
  acknowledged: number
  moves: number
  conflicts: number
  /** The plans of histories that broke a promise. */
  failed: { readonly plan: Plan; readonly broken: readonly string[] }[]
}

const nothing = (): Sum => ({ histories: 0, operations: 0, acknowledged: 0, moves: 0, conflicts: 0, failed: [] })

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    histories: { type: 'string' },
    long: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    part: { type: 'string' },
    plan: { type: 'string' },
  },
})

const mostFailed = 5

const mutants = all.filter(({ covered }) => covered === undefined)

/** Plays histories in this process. */
async function playAll({ from, count }: Part, stopAtFirst: boolean): Promise<Sum> {
  const { play } = await import('./history.ts')
  Error.stackTraceLimit = 0 // many errors are what clients are to see, and a history that fails is played again to be told
  const sum = nothing()
  for (let seed = from; seed < from + count; seed++) {
    const plan = planOf(seed)
    const { broken, operations, acknowledged, moves, conflicts } = await play(plan)
    sum.histories++
    sum.operations += operations
    sum.acknowledged += acknowledged
    sum.moves += moves
    sum.conflicts += conflicts
    if (broken.length > 0) sum.failed.push({ plan, broken })
    if (sum.failed.length >= (stopAtFirst ? 1 : mostFailed)) break
  }
  return sum
}

/** Plays them in a process of its own: with a safeguard taken out, or to use another processor. */
async function inProcess({ from, count }: Part, mutant?: string): Promise<Sum> {
  const hook = mutant === undefined ? [] : ['--import', new URL('./mutate.ts', import.meta.url).href]
  const child = spawn(
    process.execPath,
    [
      '--conditions=@crossfade/source',
      ...hook,
      new URL(import.meta.url).pathname,
      '--part',
      JSON.stringify({ from, count }),
      ...(mutant === undefined ? [] : ['--mutant', mutant]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  await once(child, 'close')
  return JSON.parse(text)
}

/** The smallest plan that still breaks a promise, as far as it is found by leaving out one thing after the other. */
async function shrink(plan: Plan): Promise<Plan> {
  const { play } = await import('./history.ts')
  for (const less of smaller(plan)) if ((await play(less)).broken.length > 0) return shrink(less)
  return plan
}

async function tell(plan: Plan): Promise<void> {
  const { play } = await import('./history.ts')
  const lines: string[] = []
  const { broken } = await play(plan, (line) => lines.push(line))
  for (const line of [...lines, ...broken, `plan: ${JSON.stringify(plan)}`]) console.error(line)
}

const parts = (from: number, count: number, workers: number): Part[] => {
  const each = Math.ceil(count / workers)
  return Array.from({ length: workers }, (_, n) => ({ from: from + n * each, count: Math.min(each, count - n * each) }))
}

if (values.plan) {
  await tell(JSON.parse(values.plan))
} else if (values.part) {
  console.log(JSON.stringify(await playAll(JSON.parse(values.part), values.mutant !== undefined)))
} else {
  const seed = Number(values.seed)
  const count = Number(values.histories ?? (values.long ? 100_000 : 300))
  const began = performance.now()
  console.error(`model: ${count} histories from seed ${seed}`)
  const sums = await Promise.all(parts(seed, count, 2).map((part) => inProcess(part)))
  const sum = sums.reduce((a, b) => ({
    histories: a.histories + b.histories,
    operations: a.operations + b.operations,
    acknowledged: a.acknowledged + b.acknowledged,
    moves: a.moves + b.moves,
    conflicts: a.conflicts + b.conflicts,
    failed: [...a.failed, ...b.failed],
  }))
  const [first] = sum.failed
  if (first) await tell(await shrink(first.plan))
  const survivors: string[] = []
  if (values.mutants || values.long) {
    const queue = [...mutants]
    const work = async (): Promise<void> => {
      for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
        const { failed, histories } = await inProcess({ from: seed, count: values.long ? 5_000 : 400 }, mutant.name)
        const text = failed[0]
          ? `caught by seed ${failed[0].plan.seed}: ${failed[0].broken[0]?.slice(0, 120)}`
          : `survived ${histories} histories`
        console.error(`mutant ${mutant.name}: ${text}`)
        if (failed.length === 0) survivors.push(mutant.name)
      }
    }
    await Promise.all([work(), work()])
  }
  const { failed, ...counts } = sum
  const tried =
    values.mutants || values.long
      ? { mutants: mutants.length, caught: mutants.length - survivors.length, survivors }
      : {}
  const seconds = Math.round((performance.now() - began) / 1_000)
  console.log(JSON.stringify({ mode: 'model', seed, ...counts, lost: failed.length, seconds, ...tried }))
  process.exitCode = failed.length > 0 || survivors.length > 0 ? 2 : 0
}
