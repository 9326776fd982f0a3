import { setTimeout as sleep } from 'node:timers/promises'
import { keyValue } from '../entity/canonical-value.ts'
import type { Id } from '../entity/entity.ts'
import { valueAt } from '../entity/values.ts'
import { duplicates as mongoDuplicates } from '../stores/mongo/duplicates.ts'
import { mongoIndexes } from '../stores/mongo/indexes.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { uniqueKeys } from '../stores/mongo/unique-keys.ts'
import { duplicates as postgresDuplicates } from '../stores/postgres/indexes.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import type { Image } from '../stores/store.ts'
import type { UniqueKey } from '../stores/unique-key.ts'
import { formatVersion } from '../stores/version.ts'
import { type Origin, origins } from '../util/origin.ts'
import { patiently } from './patience.ts'
import { type Pair, patienceWith, type SettleOptions } from './settle-records.ts'

/** A value of a unique key that more records than one hold. */
export interface Duplicate {
  /** Where so many hold it: in both, mostly, since one is the copy of the other. */
  readonly stores: readonly Origin[]
  readonly paths: readonly string[]
  /** How many hold it. */
  readonly count: number
  /** Some of them. */
  readonly ids: readonly Id[]
  /** Why it should be unique. */
  readonly because: string
}

/** Of one key in one store. */
const maxDuplicates = 20
const defaultRechecks = [50, 1_000, 3_000]

const valuesOf = ({ leaves }: UniqueKey, { record }: Image): string =>
  JSON.stringify(leaves.map((leaf) => record && keyValue(leaf, valueAt(record, leaf.keys))))

/** A value in a form that means the same for both stores, and the versions of the records that hold it. */
interface Held {
  readonly value: string
  readonly versions: ReadonlyMap<Id, string>
}

/** What some of the records hold together still; null where no value is held twice. */
function holding(key: UniqueKey, images: readonly Image[]): Held | null {
  const groups = Map.groupBy(
    images.filter(({ record }) => record !== null),
    (image) => valuesOf(key, image),
  )
  const twice = [...groups].find(([, { length }]) => length > 1)
  if (!twice) return null
  const [value, holders] = twice
  return { value, versions: new Map(holders.map(({ id, version }) => [id, formatVersion(version)])) }
}

const isSame = ({ versions: a }: Held, { versions: b }: Held): boolean =>
  a.size === b.size && [...a].every(([id, version]) => b.get(id) === version)

/**
 * The value that records still hold together after a while in which nothing of them was on its way; false where they do
 * not, null where something always was.
 */
async function lastingValue(
  { entity, authority, mirror }: Pair,
  store: Pair['authority'],
  key: UniqueKey,
  ids: readonly Id[],
  { recheckMs = defaultRechecks, signal }: SettleOptions,
): Promise<string | false | null> {
  let before = holding(key, await store.outbox.images(entity, ids))
  for (const ms of recheckMs) {
    if (before === null) return false
    await sleep(ms, undefined, { signal })
    const owed = await Promise.all([authority, mirror].map((each) => each.outbox.owedFor(entity, ids)))
    const after = holding(key, await store.outbox.images(entity, ids))
    if (after !== null && owed.every(({ size }) => size === 0) && isSame(before, after)) return after.value
    before = after
  }
  return before === null ? false : null
}

/** Values that a unique key holds twice in either store; how many could not be decided is told beside. */
export async function verifyUnique(
  { mongo, postgres }: { readonly mongo: MongoStore; readonly postgres: PostgresStore },
  pair: Pair,
  settle: SettleOptions,
): Promise<{ readonly duplicates: readonly Duplicate[]; readonly undecided: number }> {
  const { entity } = pair
  const patience = patienceWith(pair, settle)
  const { keys } = uniqueKeys(entity, await patiently(patience, () => mongoIndexes(mongo.connection, entity)))
  const found = new Map<string, Omit<Duplicate, 'stores'> & { readonly stores: Set<Origin> }>()
  let undecided = 0
  const look = {
    mongo: (key: UniqueKey) => mongoDuplicates(mongo.connection, entity, key, maxDuplicates),
    postgres: (key: UniqueKey) => postgresDuplicates(postgres.connection, entity, key, maxDuplicates),
  }
  for (const key of keys)
    for (const store of origins)
      for (const { count, ids } of await patiently(patience, () => look[store](key))) {
        settle.signal?.throwIfAborted()
        const value = await patiently(patience, () => lastingValue(pair, { mongo, postgres }[store], key, ids, settle))
        if (value === null) undecided++
        if (value === null || value === false) continue
        // Once, though both stores have it, and though two indexes promise the same
        const paths = key.leaves.map(({ path }) => path)
        const name = JSON.stringify([paths, value, count])
        const known = found.get(name)
        if (known) known.stores.add(store)
        else found.set(name, { stores: new Set([store]), paths, count, ids, because: key.because })
      }
  const duplicates = [...found.values()].map((each) => ({ ...each, stores: [...each.stores] }))
  return { duplicates, undecided }
}
