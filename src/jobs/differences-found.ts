import { fingerprint } from '../compare/differences.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { unequalIn } from '../evidence/verified.ts'
import type { DifferenceKind, Unequal } from './settle-records.ts'

/** One record that differs. It holds no value. */
export interface RecordDifference {
  readonly id: Id
  readonly kind: DifferenceKind
  readonly paths: readonly string[]
  /** Of the authority and the mirror; null where there is no record. */
  readonly versions: readonly [string | null, string | null]
}

/** Differences of one kind at the same paths. */
export interface DifferenceGroup {
  readonly group: string
  readonly kind: DifferenceKind
  readonly paths: readonly string[]
  readonly count: number
}

/** What may be mended by `repair` from what is kept; of more there is the count. */
export const maxKept = 10_000

/** Characters of what is kept of them, and of a checkpoint: a ledger's entry in MongoDB is of 16 MB at most. */
export const maxKeptLength = 8_000_000

/** Groups that are told apart: records may differ in as many sets of paths as there are records. */
const maxGroups = 1_000
const otherPaths = ['(others)']

export const pathsOf = ({ differences }: Unequal): string[] => differences.map(({ path }) => path)

/** The name of a group of differences. */
export const groupOf = (entity: Entity, { kind, paths }: Pick<RecordDifference, 'kind' | 'paths'>): string =>
  fingerprint(entity.name, 'verify', kind, paths.join())

/** What one verification has found so far: counted without bound, and kept within one. */
export class DifferencesFound {
  readonly #entity: Entity
  readonly #groups = new Map<string, { readonly group: DifferenceGroup; count: number }>()
  #keptLength = 0
  readonly different: Record<DifferenceKind, number> = { missing: 0, extra: 0, content: 0, version: 0 }
  /** The first of them. */
  readonly kept: RecordDifference[] = []

  constructor(entity: Entity) {
    this.#entity = entity
  }

  /** Whether all of them are kept. */
  get areAllKept(): boolean {
    return this.kept.length === unequalIn(this)
  }

  /** Most frequent first. */
  get groups(): DifferenceGroup[] {
    const groups = [...this.#groups.values()].map(({ group, count }) => ({ ...group, count }))
    return groups.sort((a, b) => b.count - a.count)
  }

  add(unequal: Unequal): void {
    const { id, kind, versions } = unequal
    const found: RecordDifference = { id, kind, paths: pathsOf(unequal), versions }
    this.different[kind]++
    if (this.kept.length < maxKept && this.#keptLength < maxKeptLength) {
      this.kept.push(found)
      this.#keptLength += JSON.stringify(found).length
    }
    const own = groupOf(this.#entity, found)
    const isOwn = this.#groups.has(own) || this.#groups.size < maxGroups
    const paths = isOwn ? found.paths : otherPaths
    const group = isOwn ? own : groupOf(this.#entity, { kind, paths })
    const known = this.#groups.get(group) ?? { group: { group, kind, paths, count: 0 }, count: 0 }
    known.count++
    this.#groups.set(group, known)
  }
}
