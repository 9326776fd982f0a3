import DataLoader from 'dataloader'
import { keyValue } from '../entity/canonical-value.ts'
import type { Entity, Id, Leaf, Rec } from '../entity/entity.ts'
import { type FieldSet, fieldSet } from '../entity/field-set.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { OrderKey } from '../query/order.ts'
import { allOf, everything, type Where } from '../query/where.ts'
import type { RequestReads } from '../routing/reads.ts'
import { shownValues, shownWhere } from '../shadow/redact.ts'
import type { Item } from '../stores/store.ts'
import type { Json } from '../util/json.ts'
import { textOf } from './among.ts'

/** By which field records are looked up, and which of them are shown. */
export interface Lookup {
  readonly entity: Entity
  readonly path: string
  readonly where: Where
}

/** A record wanted by the value of one field: its id, or another key such as an e-mail address. */
interface OneKey {
  readonly value: unknown
  readonly fields: FieldSet
  readonly resolver: string
}

/** A page of each parent's records: all parents of a level ask the same, so that one statement answers them. */
export interface PageQuestion {
  readonly entity: Entity
  /** The field of the records that holds the parent's key. */
  readonly path: string
  /** Equal for questions that may share a statement. */
  readonly key: string
  readonly where: Where
  readonly ranges: readonly Where[]
  readonly order: readonly OrderKey[]
  readonly limit: number
  readonly offset: number
  readonly fields: FieldSet
  readonly resolver: string
  /** The page's arguments as they may be shown. */
  readonly page: () => Readonly<Record<string, Json>>
}

/** A number wanted by the value of one field. */
interface CountKey {
  readonly value: unknown
  readonly resolver: string
}

/** Equal exactly for equal values: those of one field are all texts, or none is. */
function text(leaf: Leaf, value: unknown): string {
  const canonical = keyValue(leaf, value)
  return typeof canonical === 'string' ? canonical : JSON.stringify(canonical)
}

const union = (entity: Entity, sets: readonly FieldSet[]): FieldSet =>
  sets.every((set) => set === sets[0])
    ? sets[0]!
    : fieldSet(
        entity,
        sets.flatMap((set) => set.paths),
      )

/** What is kept for a field and a condition, made where there is none yet. */
function keyed<T>(kept: Map<Leaf, Map<string, T>>, leaf: Leaf, where: Where, make: () => T): T {
  let own = kept.get(leaf)
  if (!own) kept.set(leaf, (own = new Map()))
  const key = where === everything ? '' : textOf(where)
  let found = own.get(key)
  if (!found) own.set(key, (found = make()))
  return found
}

const shownAmong = (entity: Entity, where: Where): Readonly<Record<string, Json>> =>
  where === everything ? {} : { where: shownWhere(entity, where) }

/**
 * Batches the look-ups of one request. What was read once goes to each parent that asks for it, and is counted so. A key
 * holds its field set, so a narrow record never serves a wider selection.
 */
export class Loaders {
  readonly #reads: RequestReads
  readonly #ones = new Map<Leaf, Map<string, DataLoader<OneKey, Rec | null, string>>>()
  readonly #pages = new Map<string, DataLoader<unknown, readonly Item[], string>>()
  readonly #counts = new Map<Leaf, Map<string, DataLoader<CountKey, number, string>>>()

  constructor(reads: RequestReads) {
    this.#reads = reads
  }

  /** Forgets everything: a mutation has changed it. */
  clear(): void {
    for (const loaders of [this.#ones, this.#pages, this.#counts]) loaders.clear()
  }

  /**
   * The record whose field at `path` has the value; of several the one with the lowest id, in both stores.
   *
   * @throws BAD_USER_INPUT at once, and not by the promise, where the request has got too much: there is one a parent.
   */
  one(lookup: Lookup, value: unknown, fields: FieldSet, resolver: string): Promise<Rec | null> {
    this.#reads.handOut(1)
    const leaf = leafAt(lookup.entity, lookup.path)
    const loader = keyed(this.#ones, leaf, lookup.where, () => {
      const batch = (keys: readonly OneKey[]): Promise<(Rec | null)[]> => this.#loadOnes(lookup, leaf, keys)
      const cacheKeyFn = ({ value, fields }: OneKey): string => `${fields.tag} ${text(leaf, value)}`
      return new DataLoader(batch, { cacheKeyFn })
    })
    return loader.load({ value, fields, resolver })
  }

  /** The records of the parent whose key is `value`; who awaits them says that they were handed out. */
  page(question: PageQuestion, value: unknown): Promise<readonly Item[]> {
    let loader = this.#pages.get(question.key)
    if (!loader) {
      const leaf = leafAt(question.entity, question.path)
      const batch = (values: readonly unknown[]): Promise<(readonly Item[])[]> =>
        this.#loadPages(question, leaf, values)
      const cacheKeyFn = (value: unknown): string => text(leaf, value)
      this.#pages.set(question.key, (loader = new DataLoader(batch, { cacheKeyFn })))
    }
    return loader.load(value)
  }

  /** How many records have the value in their field at `path`. @throws as `one`. */
  count(lookup: Lookup, value: unknown, resolver: string): Promise<number> {
    this.#reads.handOut(1)
    const leaf = leafAt(lookup.entity, lookup.path)
    const loader = keyed(this.#counts, leaf, lookup.where, () => {
      const batch = (keys: readonly CountKey[]): Promise<number[]> => this.#loadCounts(lookup, leaf, keys)
      return new DataLoader(batch, { cacheKeyFn: ({ value }) => text(leaf, value) })
    })
    return loader.load({ value, resolver })
  }

  async #loadOnes({ entity, path, where }: Lookup, leaf: Leaf, keys: readonly OneKey[]): Promise<(Rec | null)[]> {
    const values = [...new Map(keys.map(({ value }) => [keyValue(leaf, value), value])).values()]
    const fields = union(
      entity,
      keys.map((key) => key.fields),
    )
    const found = await this.#reads.run<ReadonlyMap<unknown, Item>>({
      entity,
      isShared: true,
      fields,
      resolver: keys[0]!.resolver,
      args: () => ({ [path]: shownValues(leaf, values), ...shownAmong(entity, where) }),
      ask: async ({ reader }, signal) => {
        // Keys of `id` are ids: whoever loads has parsed them
        if (path === 'id' && where === everything) return reader.byIds(entity, values as Id[], fields, signal)
        const order: OrderKey[] = [{ path: 'id', direction: 'asc' }]
        if (path === 'id') {
          const those = allOf(where, { op: 'in', path, values })
          const items = await reader.query(entity, { where: those, order, limit: values.length, fields }, signal)
          return new Map(items.map((item) => [item.record.id, item]))
        }
        const per = { path, values, where, order, limit: 1, fields }
        const groups = await reader.queryPer(entity, per, signal)
        return new Map([...groups].map(([value, items]) => [value, items[0]!]))
      },
      outcome: (items) => {
        const found = { is: 'records', entity, fields, ordered: false } as const
        if (path === 'id') return { ...found, lists: new Map([['', [...items.values()]]]) }
        return { ...found, lists: new Map([...items].map(([key, item]) => [JSON.stringify(key), [item]])), limit: 1 }
      },
    })
    return keys.map(({ value }) => found.get(keyValue(leaf, value))?.record ?? null)
  }

  async #loadPages(
    { entity, path, where, ranges, order, limit, offset, fields, resolver, page }: PageQuestion,
    leaf: Leaf,
    values: readonly unknown[],
  ): Promise<(readonly Item[])[]> {
    const groups = await this.#reads.run({
      entity,
      isShared: true,
      fields,
      resolver,
      args: () => ({ [path]: shownValues(leaf, values), ...shownAmong(entity, where), ...page() }),
      ask: ({ reader }, signal) =>
        reader.queryPer(entity, { path, values, where, ranges, order, limit, offset, fields }, signal),
      outcome: (found: ReadonlyMap<unknown, readonly Item[]>) => {
        const lists = new Map([...found].map(([key, items]) => [JSON.stringify(key), items]))
        return { is: 'records', entity, fields, lists, ordered: true, limit }
      },
    })
    return values.map((value) => groups.get(keyValue(leaf, value)) ?? [])
  }

  async #loadCounts({ entity, path, where }: Lookup, leaf: Leaf, keys: readonly CountKey[]): Promise<number[]> {
    const values = keys.map(({ value }) => value)
    const counts = await this.#reads.run({
      entity,
      isShared: true,
      fields: null,
      resolver: keys[0]!.resolver,
      args: () => ({ [path]: shownValues(leaf, values), ...shownAmong(entity, where) }),
      ask: ({ reader }, signal) => reader.countPer(entity, path, values, where, signal),
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
    return keys.map(({ value }) => counts.get(keyValue(leaf, value)) ?? 0)
  }
}
