import type { Entity } from '../entity/entity.ts'
import { type KeptVerify, lastVerifies, newestVerifies, unequalIn } from '../evidence/verified.ts'
import { copyProgress, type LastCopy } from '../jobs/copy-progress.ts'
import type { Stores } from '../routing/routing.ts'
import { askEither } from '../stores/ask-either.ts'
import type { Store } from '../stores/store.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import type { Sampled } from './metrics.ts'

/** A store that hangs keeps nobody from the other metrics. */
const patienceMs = 2_000

interface Jobs {
  readonly copies: readonly LastCopy[]
  readonly verifies: ReadonlyMap<string, KeptVerify>
}

const none: Jobs = { copies: [], verifies: new Map() }

async function lookAt(stores: Stores, entities: readonly Entity[]): Promise<Jobs> {
  const { ledger } = stores.postgres
  const [copies, { answers }] = await Promise.all([
    Promise.all(entities.map((entity) => copyProgress(ledger, entity))),
    askEither(stores, (store: Store) => lastVerifies(store.ledger)),
  ])
  return { copies: copies.filter((copy) => copy !== null), verifies: newestVerifies(answers) }
}

/** The last copy and the last `verify` of each type, whoever ran them; nothing while their store does not tell. */
export function jobMetrics(stores: Stores, entities: readonly Entity[]): readonly Sampled[] {
  let looking: Promise<Jobs> | null = null
  /** One look for all of them that are asked for together. */
  const jobs = (): Promise<Jobs> =>
    (looking ??= awaitWithin(
      lookAt(stores, entities).catch(() => none),
      patienceMs,
    )
      .then((found) => (found === timedOut ? none : found))
      .finally(() => {
        looking = null
      }))
  return [
    {
      name: 'crossfade_copy_records',
      help: 'Records of the last copy of a type, by what became of them; `total` is about how many there are.',
      kind: 'gauge',
      labels: ['type', 'state'],
      values: async () =>
        (await jobs()).copies.flatMap(({ type, total, seen, copied, mended, removed, quarantined, refused }) =>
          Object.entries({ total, seen, copied, mended, removed, quarantined, refused }).flatMap(([state, count]) =>
            count === null ? [] : [[[type, state], count] as const],
          ),
        ),
    },
    {
      name: 'crossfade_copy_processes',
      help: 'Processes that work on the copy of a type.',
      kind: 'gauge',
      labels: ['type'],
      values: async () => (await jobs()).copies.map(({ type, owners }) => [[type], owners.length] as const),
    },
    {
      name: 'crossfade_copy_done',
      help: '1 where the last copy of a type is complete.',
      kind: 'gauge',
      labels: ['type'],
      values: async () => (await jobs()).copies.map(({ type, done }) => [[type], Number(done)] as const),
    },
    {
      name: 'crossfade_verified_age_seconds',
      help: 'Since the last `verify` of a whole type.',
      kind: 'gauge',
      labels: ['type'],
      values: async () => [...(await jobs()).verifies].map(([type, { ageMs }]) => [[type], ageMs / 1_000] as const),
    },
    {
      name: 'crossfade_verified_unequal',
      help: 'Records that it found to differ.',
      kind: 'gauge',
      labels: ['type'],
      values: async () => [...(await jobs()).verifies].map(([type, kept]) => [[type], unequalIn(kept)] as const),
    },
  ]
}
