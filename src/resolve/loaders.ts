import DataLoader from 'dataloader'
import { canonicalValue } from '../entity/canonical-value.ts'
import type { Entity, Id, Rec } from '../entity/entity.ts'
import { type FieldSet, fieldSet } from '../entity/field-set.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { OrderKey } from '../query/order.ts'
import { everything, type Where } from '../query/where.ts'
import type { Reads } from '../routing/reads.ts'
import { shownValues } from '../shadow/redact.ts'
import type { Item } from '../stores/store.ts'
import type { Json } from '../util/json.ts'

/** A record wanted by the value of one field: its id, or another key such as an e-mail address. */
interface OneKey {
  readonly value: unknown
  readonly fields: FieldSet
  readonly resolver: string
}

/** The records of one parent: a page, asked with the same query for all parents of a level. */
export interface ManyKey {
  readonly value: unknown
  /** Equal for queries that may share a statement. */
  readonly shape: string
  readonly where: Where
  readonly ranges: readonly Where[]
  readonly order: readonly OrderKey[]
  readonly limit: number
  readonly fields: FieldSet
  readonly resolver: string
  /** The page's arguments as they may be shown. */
  readonly page: () => Readonly<Record<string, Json>>
}

/** Equal exactly for equal values: those of one field are all texts, or none is. */
function text(entity: Entity, path: string, value: unknown): string {
  const canonical = canonicalValue(leafAt(entity, path), value)
  return typeof canonical === 'string' ? canonical : JSON.stringify(canonical)
}

const union = (entity: Entity, sets: readonly FieldSet[]): FieldSet =>
  sets.every((set) => set === sets[0])
    ? sets[0]!
    : fieldSet(
        entity,
        sets.flatMap((set) => set.paths),
      )

/** Batches the look-ups of one request. A key holds its field set, so a narrow record never serves a wider selection. */
export class Loaders {
  readonly #reads: Pick<Reads, 'run'>
  readonly #ones = new Map<string, DataLoader<OneKey, Rec | null, string>>()
  readonly #manys = new Map<string, DataLoader<ManyKey, readonly Item[], string>>()
  readonly #counts = new Map<string, DataLoader<ManyKey, number, string>>()

  constructor(reads: Pick<Reads, 'run'>) {
    this.#reads = reads
  }

  /** Forgets everything: a mutation has changed it. */
  clear(): void {
    for (const loaders of [this.#ones, this.#manys, this.#counts]) loaders.clear()
  }

  byId(entity: Entity, id: Id, fields: FieldSet, resolver: string): Promise<Rec | null> {
    return this.#one(entity, 'id').load({ value: id, fields, resolver })
  }

  /** By another field; of several records the one with the lowest id, in both stores. */
  byKey(entity: Entity, path: string, value: unknown, fields: FieldSet, resolver: string): Promise<Rec | null> {
    return this.#one(entity, path).load({ value, fields, resolver })
  }

  /** The records whose field at `path` is the key's value. */
  many(entity: Entity, path: string, key: ManyKey): Promise<readonly Item[]> {
    return this.#many(entity, path).load(key)
  }

  count(entity: Entity, path: string, key: ManyKey): Promise<number> {
    return this.#count(entity, path).load(key)
  }

  #one(entity: Entity, path: string): DataLoader<OneKey, Rec | null, string> {
    const name = `${entity.name}.${path}`
    let loader = this.#ones.get(name)
    if (!loader) {
      const batch = (keys: readonly OneKey[]): Promise<(Rec | null)[]> => this.#loadOnes(entity, path, keys)
      const cacheKeyFn = ({ value, fields }: OneKey): string => `${fields.tag} ${text(entity, path, value)}`
      this.#ones.set(name, (loader = new DataLoader(batch, { cacheKeyFn })))
    }
    return loader
  }

  async #loadOnes(entity: Entity, path: string, keys: readonly OneKey[]): Promise<(Rec | null)[]> {
    const leaf = leafAt(entity, path)
    const values = [...new Map(keys.map(({ value }) => [canonicalValue(leaf, value), value])).values()]
    const fields = union(
      entity,
      keys.map((key) => key.fields),
    )
    const found = await this.#reads.run<ReadonlyMap<unknown, Item>>({
      entity,
      resolver: keys[0]!.resolver,
      args: () => ({ [path]: shownValues(leaf, values) }),
      ask: async ({ reader }, signal) => {
        // Keys of `id` are ids: whoever loads has parsed them
        if (path === 'id') return reader.byIds(entity, values as Id[], fields, signal)
        const order: OrderKey[] = [{ path: 'id', direction: 'asc' }]
        const per = { path, values, where: everything, order, limit: 1, fields }
        const groups = await reader.queryPer(entity, per, signal)
        return new Map([...groups].map(([value, items]) => [value, items[0]!]))
      },
      outcome: (items) => {
        const found = { is: 'records', entity, fields, ordered: false } as const
        if (path === 'id') return { ...found, lists: new Map([['', [...items.values()]]]) }
        return { ...found, lists: new Map([...items].map(([key, item]) => [JSON.stringify(key), [item]])), limit: 1 }
      },
    })
    return keys.map(({ value }) => found.get(canonicalValue(leaf, value))?.record ?? null)
  }

  #many(entity: Entity, path: string): DataLoader<ManyKey, readonly Item[], string> {
    const name = `${entity.name}.${path}`
    let loader = this.#manys.get(name)
    if (!loader) {
      const batch = (keys: readonly ManyKey[]): Promise<(readonly Item[])[]> =>
        byShape(
          keys,
          ({ shape, fields }) => `${fields.tag} ${shape}`,
          (group) => this.#loadManys(entity, path, group),
        )
      const cacheKeyFn = (key: ManyKey): string => `${key.fields.tag} ${key.shape} ${text(entity, path, key.value)}`
      this.#manys.set(name, (loader = new DataLoader(batch, { cacheKeyFn })))
    }
    return loader
  }

  async #loadManys(entity: Entity, path: string, keys: readonly ManyKey[]): Promise<(readonly Item[])[]> {
    const { where, ranges, order, limit, fields, resolver, page } = keys[0]!
    const leaf = leafAt(entity, path)
    const values = keys.map(({ value }) => value)
    const groups = await this.#reads.run({
      entity,
      resolver,
      args: () => ({ [path]: shownValues(leaf, values), ...page() }),
      ask: ({ reader }, signal) =>
        reader.queryPer(entity, { path, values, where, ranges, order, limit, fields }, signal),
      outcome: (found: ReadonlyMap<unknown, readonly Item[]>) => {
        const lists = new Map([...found].map(([key, items]) => [JSON.stringify(key), items]))
        return { is: 'records', entity, fields, lists, ordered: true, limit }
      },
    })
    return keys.map(({ value }) => groups.get(canonicalValue(leaf, value)) ?? [])
  }

  #count(entity: Entity, path: string): DataLoader<ManyKey, number, string> {
    const name = `${entity.name}.${path}`
    let loader = this.#counts.get(name)
    if (!loader) {
      const batch = (keys: readonly ManyKey[]): Promise<number[]> => this.#loadCounts(entity, path, keys)
      this.#counts.set(name, (loader = new DataLoader(batch, { cacheKeyFn: ({ value }) => text(entity, path, value) })))
    }
    return loader
  }

  async #loadCounts(entity: Entity, path: string, keys: readonly ManyKey[]): Promise<number[]> {
    const leaf = leafAt(entity, path)
    const values = keys.map(({ value }) => value)
    const counts = await this.#reads.run({
      entity,
      resolver: keys[0]!.resolver,
      args: () => ({ [path]: shownValues(leaf, values) }),
      ask: ({ reader }, signal) => reader.countPer(entity, path, values, everything, signal),
      outcome: (found: ReadonlyMap<unknown, number>) => {
        const value: Json = Object.fromEntries([...found].map(([key, n]) => [JSON.stringify(key), n]))
        // Its keys are values of the field
        return leaf.sensitive
          ? {
              is: 'value',
              value,
              shown: (counts) => (typeof counts === 'object' && counts !== null ? Object.values(counts) : counts),
            }
          : { is: 'value', value }
      },
    })
    return keys.map(({ value }) => counts.get(canonicalValue(leaf, value)) ?? 0)
  }
}

/** Runs keys of one shape together, and puts the results back in the order of the keys. */
async function byShape<K, V>(
  keys: readonly K[],
  shapeOf: (key: K) => string,
  load: (group: readonly K[]) => Promise<V[]>,
): Promise<V[]> {
  const groups = Map.groupBy(keys, shapeOf)
  const results = new Map<K, V>()
  await Promise.all(
    [...groups.values()].map(async (group) => {
      const values = await load(group)
      for (const [index, key] of group.entries()) results.set(key, values[index]!)
    }),
  )
  return keys.map((key) => results.get(key)!)
}
