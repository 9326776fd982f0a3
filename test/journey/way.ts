import { setTimeout as sleep } from 'node:timers/promises'
import { loadData } from '../../src/cli/demo/data.ts'
import { seedDrift } from '../../src/cli/demo/drift.ts'
import { send } from '../../src/cli/demo/send.ts'
import type { Session } from '../../src/cli/session.ts'
import type { Drifted } from '../../src/demo/drift.ts'
import { sampleDocuments } from '../../src/demo/sample.ts'
import type { DemoConfig } from '../../src/gateway/config.ts'
import { recordingFiles } from '../../src/replay/recordings.ts'
import type { Said } from '../history/command.ts'
import type { GatewayProcess } from '../history/gateway-process.ts'

/** What a step of the way works with. */
export interface Journey {
  readonly session: Session
  readonly demo: DemoConfig
  readonly gateway: GatewayProcess
  /** Runs a command to its end. */
  readonly run: (...args: string[]) => Promise<Said>
  /** A folder of mongoexport files; undefined for what the demo makes. */
  readonly data: string | undefined
  readonly drift: number
  /** Where the gateway records what it is asked. */
  readonly recordings: string
}

/** What a step has measured; it throws where it fails. */
export type Figures = Readonly<Record<string, unknown>>
type Step = (journey: Journey) => Promise<Figures>

/** Runs a command that may end with one of these codes. @throws with what it said where it ends with another. */
async function must({ run }: Journey, codes: readonly number[], ...args: string[]): Promise<Said> {
  const said = await run(...args)
  if (!codes.includes(said.code ?? -1))
    throw new Error(`crossfade ${args.join(' ')} ended with ${said.code}: ${said.text}`)
  return said
}

async function parsed<T>(journey: Journey, codes: readonly number[], ...args: string[]): Promise<T> {
  return JSON.parse((await must(journey, codes, ...args, '--json')).stdout) as T
}

/** What differed at first sight is looked at again, and gateways tell what they saw. */
const settleMs = 6_000

async function traffic({ session: { config, stores }, demo, gateway }: Journey): Promise<number> {
  const samples = await Promise.all(
    config.entities.map(
      async (entity) => [entity.name, await sampleDocuments(stores.mongo.connection, entity, 40)] as const,
    ),
  )
  const operations = demo.traffic(Object.fromEntries(samples))
  await send(gateway.url, operations)
  await sleep(settleMs)
  // Of some types the demo's clients ask for little: the records that were repaired are read as well
  await send(gateway.url, readsOf(demo))
  await sleep(settleMs)
  return operations.length
}

interface Group {
  readonly type: string
  readonly fingerprint: string
  readonly count: number
}

const openGroups = async (journey: Journey): Promise<readonly Group[]> =>
  (await parsed<{ groups: Group[] }>(journey, [0, 2], 'mismatches', 'list')).groups

interface Replayed {
  readonly compared: number
  readonly equal: number
  readonly different: number
  readonly groups: readonly object[]
}

/** Everything that was recorded so far, asked again of each store. */
async function replayed(journey: Journey, code: number): Promise<Replayed> {
  const files = (await recordingFiles(journey.recordings)).map(({ path }) => path)
  return parsed<Replayed>(journey, [code], 'replay', ...files, '--rate', '1000')
}

interface Verified {
  readonly compared: number
  readonly different: Readonly<Record<string, number>>
}

const differing = (found: readonly Verified[]): number =>
  found.flatMap(({ different }) => Object.values(different)).reduce((sum, count) => sum + count, 0)

async function verified(journey: Journey): Promise<Figures> {
  // 2: values are there twice that should be unique, as in MongoDB, which the issues tell
  const found = await parsed<Verified[]>(journey, [0, 2], 'verify')
  if (differing(found) > 0) throw new Error(`${differing(found)} records differ: ${JSON.stringify(found)}`)
  return { compared: found.reduce((sum, { compared }) => sum + compared, 0), different: differing(found) }
}

let drifted: readonly Drifted[] = []

const readsOf = (demo: DemoConfig) => drifted.map(({ type, id }) => demo.read[type]!(String(id)))

async function readDrifted({ demo, gateway }: Journey): Promise<void> {
  await send(gateway.url, readsOf(demo))
  await sleep(settleMs)
}

interface Gate {
  readonly met: boolean
  readonly type: string
  readonly gate: string
  readonly found: string
}

/** More traffic mends these: comparisons that met a write on its way were not decided. */
const bySeeingMore = new Set(['compared', 'covered'])
const mostRounds = 5

/** Every gate is met, and then the move is made: never by force. */
async function proved(journey: Journey, to: string): Promise<Figures> {
  for (let round = 1; ; round++) {
    const evidence = await parsed<{ gates: Gate[] }[]>(journey, [0, 2], 'evidence', '--to', to)
    const gates = evidence.flatMap((each) => each.gates)
    const unmet = gates.filter(({ met }) => !met)
    if (unmet.length === 0) {
      await must(journey, [0], 'stage', 'set', 'all', to)
      return { gates: gates.length, rounds: round }
    }
    if (round === mostRounds || unmet.some(({ gate }) => !bySeeingMore.has(gate)))
      throw new Error(unmet.map(({ type, gate, found }) => `${type}: ${gate}: ${found}`).join('; '))
    await traffic(journey)
  }
}

/** The whole way of all types, in order. */
export const way: readonly (readonly [name: string, step: Step])[] = [
  [
    'load',
    async ({ session, demo, data }) => {
      await loadData(session, demo, data, 1)
      const { entities } = session.config
      const counts = entities.map(async (entity) => [entity.name, await session.stores.mongo.documents(entity)])
      return Object.fromEntries(await Promise.all(counts))
    },
  ],
  ['migrate', async (journey) => ({ said: (await must(journey, [0], 'migrate', 'up')).text.length > 0 })],
  [
    'profile',
    async (journey) => {
      const sizes: Record<string, number> = {}
      for (const { name } of journey.session.config.entities) {
        const { documents } = await parsed<{ documents: number }>(journey, [0, 2], 'profile', name)
        sizes[name] = documents
      }
      return sizes
    },
  ],
  [
    'dualwrite',
    async (journey) => {
      journey.gateway.start()
      await journey.gateway.ready()
      await must(journey, [0], 'stage', 'set', 'all', 'dualwrite')
      return {}
    },
  ],
  [
    'backfill',
    async (journey) => {
      const found = await parsed<{ copied: number; refused: number }[]>(journey, [0, 2], 'backfill')
      const sum = (of: 'copied' | 'refused') => found.reduce((all, each) => all + each[of], 0)
      return { copied: sum('copied'), refused: sum('refused') }
    },
  ],
  ['indexes', async (journey) => ({ code: (await must(journey, [0, 2], 'doctor', '--build')).code })],
  ['verify', verified],
  [
    'shadow',
    async (journey) => {
      await must(journey, [0], 'stage', 'set', 'all', 'shadow', '--sample', '100')
      const operations = await traffic(journey)
      const open = await openGroups(journey)
      if (open.length > 0) throw new Error(`shadow reads differ: ${JSON.stringify(open)}`)
      return { operations, differences: 0 }
    },
  ],
  [
    'replay',
    async (journey) => {
      const { compared, equal } = await replayed(journey, 0)
      return { compared, equal }
    },
  ],
  [
    'refused without proof',
    async (journey) => {
      const { session, demo, drift } = journey
      drifted = await seedDrift(session, demo, drift, 1)
      await readDrifted(journey)
      const open = await openGroups(journey)
      const { text } = await must(journey, [2], 'stage', 'set', 'all', 'live')
      if (!text.includes('open, most often')) throw new Error(`it was refused for something else: ${text}`)
      return { seeded: drifted.length, groups: open.length, seen: open.reduce((sum, { count }) => sum + count, 0) }
    },
  ],
  [
    'replay finds them',
    async (journey) => {
      const { compared, different, groups } = await replayed(journey, 2)
      // Each record that was changed was read by itself
      if (different < drifted.length) throw new Error(`a replay found ${different} of ${drifted.length}`)
      return { compared, different, groups: groups.length }
    },
  ],
  [
    'repair',
    async (journey) => {
      const before = differing(await parsed<Verified[]>(journey, [2], 'verify'))
      if (before !== drifted.length) throw new Error(`verify found ${before} of ${drifted.length}`)
      const types = [...new Set(drifted.map(({ type }) => type))]
      for (const type of types) await must(journey, [0], 'repair', type, '--yes')
      for (const { fingerprint } of await openGroups(journey))
        await must(journey, [0], 'mismatches', 'close', fingerprint, '--why', 'repaired')
      const left = await verified(journey)
      await readDrifted(journey)
      const open = await openGroups(journey)
      if (open.length > 0) throw new Error(`shadow reads differ again: ${JSON.stringify(open)}`)
      return { found: before, repaired: before, ...left }
    },
  ],
  [
    'accept what may stay',
    async (journey) => {
      const groups = await parsed<{ type: string; group: string; count: number }[]>(journey, [0, 2], 'issues', 'list')
      for (const { type, group } of groups)
        await must(journey, [0], 'issues', 'accept', type, group, '--by', 'journey', '--why', 'as it is in MongoDB')
      return { accepted: groups.reduce((sum, { count }) => sum + count, 0) }
    },
  ],
  ['live', (journey) => proved(journey, 'live')],
  [
    'back',
    async (journey) => {
      const operations = await traffic(journey)
      await must(journey, [0], 'stage', 'set', 'all', 'shadow')
      return { operations }
    },
  ],
  ['verify again', async (journey) => ({ operations: await traffic(journey), ...(await verified(journey)) })],
  ['live again', (journey) => proved(journey, 'live')],
  ['verify in live', async (journey) => ({ operations: await traffic(journey), ...(await verified(journey)) })],
  ['complete', (journey) => proved(journey, 'complete')],
  [
    'retire',
    async (journey) => {
      const operations = await traffic(journey)
      await must(journey, [0], 'retire', 'all', '--remove', '--watch', '2')
      const { entities } = journey.session.config
      const marked = entities.map(({ mongo }) =>
        journey.session.stores.mongo.connection.db.collection(mongo).countDocuments({ _cf: { $exists: true } }),
      )
      const left = (await Promise.all(marked)).reduce((sum, count) => sum + count, 0)
      if (left > 0) throw new Error(`${left} documents keep bookkeeping`)
      return { operations, left }
    },
  ],
]
