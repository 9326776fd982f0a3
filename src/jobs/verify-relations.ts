import { LRUCache } from 'lru-cache'
import { authorityOf, type Ledgers, readCopies } from '../control/flag-store.ts'
import { canonicalValue } from '../entity/canonical-value.ts'
import type { Entity, Id, Leaf } from '../entity/entity.ts'
import { fieldSet } from '../entity/field-set.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { valueAt } from '../entity/values.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import type { Image, Store } from '../stores/store.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { inPartsPatiently } from './patience.ts'
import { type Pair, patienceWith, type SettleOptions, settleRecords } from './settle-records.ts'
import type { SuspectTarget } from './verify-checkpoint.ts'

/** A relation of the type that is held against both stores. */
interface Relation {
  readonly leaf: Leaf
  readonly target: Pair
}

/** Records that refer to something which one store has, and the other has not. */
export interface Dangling {
  readonly path: string
  readonly target: string
  /** The target's id. */
  readonly id: Id
  readonly missingIn: Origin
}

/** What was found of relations. */
export interface RelationsFound {
  readonly dangling: readonly Dangling[]
  readonly undecided: number
  /** Paths of relations that were not looked at, since nothing keeps their target in both stores, or it is not known. */
  readonly unchecked: readonly string[]
}

/** Targets that were there in both stores when last looked at: most are met again soon. */
const maxKnown = 50_000

/** Targets that are told: of more it is known that there are some. */
const maxDangling = 10_000

/** The relations whose targets are to be in both stores. */
async function relationsOf(
  stores: Readonly<Record<Origin, Store>>,
  ledgers: Ledgers,
  entity: Entity,
  entities: readonly Entity[],
): Promise<{ relations: Relation[]; unchecked: string[] }> {
  const relations: Relation[] = []
  const unchecked: string[] = []
  for (const leaf of entity.leaves.values()) {
    if (leaf.references === null) continue
    const target = entities.find(({ name }) => name === leaf.references)
    const flag = target && (await readCopies(ledgers, flagKeyOf(target))).flag
    if (!target || !flag || STAGE_PLAN[flag.stage].mirror === null || flag.fresh === null) unchecked.push(leaf.path)
    else {
      const from = authorityOf(flag)
      relations.push({
        leaf,
        target: { entity: target, authority: stores[from], mirror: stores[otherOrigin(from)] },
      })
    }
  }
  return { relations, unchecked }
}

/** The relations of one type, along with its records. */
export class Relations {
  readonly #relations: readonly Relation[]
  readonly #unchecked: readonly string[]
  readonly #settle: SettleOptions
  readonly #known = new LRUCache<string, true>({ max: maxKnown })
  readonly #dangling: Dangling[] = []
  readonly #undecided: SuspectTarget[] = []

  constructor(relations: readonly Relation[], unchecked: readonly string[], settle: SettleOptions) {
    this.#relations = relations
    this.#unchecked = unchecked
    this.#settle = settle
  }

  static async of(
    stores: Readonly<Record<Origin, Store>>,
    ledgers: Ledgers,
    entity: Entity,
    entities: readonly Entity[],
    settle: SettleOptions,
  ): Promise<Relations> {
    const { relations, unchecked } = await relationsOf(stores, ledgers, entity, entities)
    return new Relations(relations, unchecked, settle)
  }

  /** Looks for what these records refer to. */
  async look(images: readonly Image[]): Promise<void> {
    for (const { leaf, target } of this.#relations) {
      const keyOf = (id: Id): string => `${target.entity.name}/${id}`
      // In its canonical form a value is the id that it refers to, also where it is a long
      const values = images.map(
        ({ record }) => record && (canonicalValue(leaf, valueAt(record, leaf.keys)) as Id | null),
      )
      const ids = [...new Set(values)].filter((id): id is Id => id !== null && !this.#known.has(keyOf(id)))
      if (ids.length === 0) continue
      const nothing = fieldSet(target.entity, [])
      const suspects: Id[] = []
      await inPartsPatiently(patienceWith(target, this.#settle), ids, async (some) => {
        const [ours, theirs] = await Promise.all(
          [target.authority, target.mirror].map((store) => store.reader.byIds(target.entity, some, nothing)),
        )
        suspects.push(...some.filter((id) => ours!.has(id) !== theirs!.has(id)))
        for (const id of some) if (ours!.has(id) && theirs!.has(id)) this.#known.set(keyOf(id), true)
        return undefined
      })
      await this.#settleTargets(leaf, target, suspects)
    }
  }

  async #settleTargets({ path }: Leaf, target: Pair, suspects: readonly Id[]): Promise<void> {
    const { unequal, undecided } = await settleRecords(target, suspects, this.#settle)
    for (const id of undecided) this.#undecided.push({ path, id })
    for (const { id, kind } of unequal) {
      if (kind !== 'missing' && kind !== 'extra') continue // it is there, and its own verification tells
      const missingIn = (kind === 'missing' ? target.mirror : target.authority).origin
      this.#known.set(`${target.entity.name}/${id}`, true) // told once
      if (this.#dangling.length < maxDangling) this.#dangling.push({ path, target: target.entity.name, id, missingIn })
    }
  }

  /** Those that were not found in both stores so far. */
  get suspects(): SuspectTarget[] {
    return [...this.#dangling.map(({ path, id }) => ({ path, id })), ...this.#undecided]
  }

  /** Looks for targets once more that an earlier run did not find in both stores. */
  async again(suspects: readonly SuspectTarget[]): Promise<void> {
    for (const { leaf, target } of this.#relations) {
      const ids = suspects.filter(({ path }) => path === leaf.path).map(({ id }) => id)
      await this.#settleTargets(leaf, target, ids)
    }
  }

  get found(): RelationsFound {
    return { dangling: this.#dangling, undecided: this.#undecided.length, unchecked: this.#unchecked }
  }
}
