import type { MismatchKind } from '../compare/mismatch-kind.ts'
import { authorityOf, ledgersOf, noFlag, readCopies } from '../control/flag-store.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { parseId } from '../entity/parse-id.ts'
import type { MismatchExample, MismatchGroup } from '../stores/findings.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import { otherOrigin } from '../util/origin.ts'
import { type DifferenceKind, type SettleOptions, settleRecords, type Unequal } from './settle-records.ts'

/**
 * What an example of a group shows now.
 * - differs: as the group says.
 * - agrees: no longer so; it may differ elsewhere.
 * - undecided: it was owed or changed each time that it was looked at.
 * - untold: the group is of lists, whole results or errors, of which records by themselves do not tell.
 */
export type RecheckState = 'differs' | 'agrees' | 'undecided' | 'untold'

export interface Rechecked {
  readonly id: string | null
  readonly state: RecheckState
  /** How the record differs now, at this place or elsewhere; null where it does not. No value is held. */
  readonly kind: DifferenceKind | null
  readonly paths: readonly string[]
}

interface RecheckOptions extends SettleOptions {
  readonly stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore }
  readonly entity: Entity
  readonly group: MismatchGroup
  readonly examples: readonly MismatchExample[]
}

/** A list of another length, or an object that one store lacks, hides what differed inside of it; and the other way round. */
const isWithin = (one: string, other: string): boolean =>
  one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`)

const isGone = ({ kind }: Unequal): boolean => kind === 'missing' || kind === 'extra'

/** Whether a record that differs does so as a group of this kind says; null where records do not tell. */
const isStill: Readonly<Record<MismatchKind, ((found: Unequal, path: string) => boolean) | null>> = {
  divergence: (found, path) => isGone(found) || found.differences.some((each) => isWithin(each.path, path)),
  version: (found) => isGone(found) || found.versions[0] !== found.versions[1],
  missing: isGone,
  extra: isGone,
  order: null,
  error: null,
}

/** Both stores had it, and one left it out of its list. */
const isOfList = ({ example }: MismatchExample): boolean =>
  typeof example === 'object' && example !== null && /^\((not )?listed\)$/.test(String(Object(example)['control']))

/** Ids are kept as they are shown, and cut where they are long. */
function idOf(entity: Entity, text: string): Id | null {
  try {
    return parseId(entity, text)
  } catch {
    return null
  }
}

/**
 * Reads the records of a group's examples in both stores now, as `verify` does, and says of each whether it still differs
 * so.
 *
 * @throws MISCONFIGURED where the type has no flag.
 */
export async function recheckGroup(options: RecheckOptions): Promise<Rechecked[]> {
  const { stores, entity, group, examples } = options
  const key = flagKeyOf(entity)
  const { flag } = await readCopies(ledgersOf(stores), key)
  if (!flag) throw noFlag(key)
  const still = isStill[group.kind]
  const asked = examples.map((example) => {
    const isTold = still !== null && example.id !== null && !isOfList(example)
    return { example, id: isTold ? idOf(entity, example.id) : null }
  })
  const authority = authorityOf(flag)
  const pair = { entity, authority: stores[authority], mirror: stores[otherOrigin(authority)] }
  const ids = asked.flatMap(({ id }) => id ?? [])
  const { unequal, undecided } = await settleRecords(pair, ids, options)
  const found = new Map(unequal.map((each) => [each.id, each]))
  return asked.map(({ example, id }): Rechecked => {
    const now = id === null ? undefined : found.get(id)
    const state = (): RecheckState => {
      if (id === null) return 'untold'
      if (undecided.includes(id)) return 'undecided'
      return now && still!(now, group.path) ? 'differs' : 'agrees'
    }
    const paths = (now?.differences ?? []).map(({ path }) => path)
    return { id: example.id, state: state(), kind: now?.kind ?? null, paths }
  })
}
