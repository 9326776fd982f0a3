import { setImmediate as turn } from 'node:timers/promises'
import { contentDifferences } from '../compare/content.ts'
import { equalJson } from '../compare/equal-json.ts'
import type { Id } from '../entity/entity.ts'
import type { FieldSet } from '../entity/field-set.ts'
import type { Item } from '../stores/store.ts'
import { compareVersions, formatVersion } from '../stores/version.ts'
import { type Json, stableStringify } from '../util/json.ts'
import type { Finding, Outcome } from './outcome.ts'

const stretchMs = 5 // comparing gives way to requests after this long

/** What two outcomes say of each other, by record; what is equal is not told. */
export interface Classified {
  /** Equal versions of one record with unequal content: no waiting changes that. */
  readonly decided: readonly Finding[]
  /** Records that only a closer look decides: their versions differ, or one list alone has them. */
  readonly suspects: ReadonlyMap<Id, Suspect>
  /** Of each list the records that the other store's list has not. */
  readonly members: readonly Members[]
  /** Order and whole values, which have no version, by what makes two of them the same. */
  readonly whole: ReadonlyMap<string, Finding>
}

/** What a comparison could not decide at once. */
export type Open = Omit<Classified, 'decided'>

/** The versions of a record that the lists show; null where a list has it not. */
export interface Suspect {
  readonly control: string | null
  readonly candidate: string | null
}

export interface Members {
  readonly missing: readonly Id[]
  readonly extra: readonly Id[]
  /** True where the list was cut to a page: what one side lacks pushes another record over the end. */
  readonly isCut: boolean
}

const noRecord = { path: '', id: null, controlVersion: null, candidateVersion: null }

export const versionOf = (item: Item | undefined): string | null => (item ? formatVersion(item.version) : null)

/** Where the content of a record differs that both stores have at one version. */
export function divergences(fields: FieldSet, control: Item, candidate: Item): Finding[] {
  return contentDifferences(fields, control, candidate).map((difference) => ({
    ...difference,
    kind: 'divergence',
    id: control.record.id,
    controlVersion: formatVersion(control.version),
    candidateVersion: formatVersion(candidate.version),
  }))
}

const byId = (items: readonly Item[]): Map<Id, Item> => new Map(items.map((item) => [item.record.id, item]))

const ids = (items: readonly Item[]): Json => items.slice(0, 100).map(({ record }) => record.id)

type Lists = Extract<Outcome, { is: 'records' }>

interface Found {
  readonly decided: Finding[]
  readonly suspects: Map<Id, Suspect>
  readonly members: Members[]
  readonly whole: Map<string, Finding>
}

function classifyList(key: string, control: Lists, candidate: Lists, found: Found): void {
  const { fields } = control
  const ours = control.lists.get(key) ?? []
  const theirs = candidate.lists.get(key) ?? []
  const other = byId(theirs)
  const mine = byId(ours)
  const unequal = new Set<Id>()
  const missing: Id[] = []
  for (const item of ours) {
    const { id } = item.record
    const twin = other.get(id)
    if (!twin) {
      missing.push(id)
      found.suspects.set(id, { control: versionOf(item), candidate: null })
    } else if (compareVersions(item.version, twin.version) === 0) {
      const differing = divergences(fields, item, twin)
      found.decided.push(...differing)
      if (differing.length > 0) unequal.add(id)
    } else {
      unequal.add(id)
      // A version that is owed, of content that both have, is on its way
      const onItsWay = (item.pending || twin.pending) && contentDifferences(fields, item, twin).length === 0
      if (!onItsWay) found.suspects.set(id, { control: versionOf(item), candidate: versionOf(twin) })
    }
  }
  const extra = theirs.filter(({ record }) => !mine.has(record.id))
  for (const item of extra) found.suspects.set(item.record.id, { control: null, candidate: versionOf(item) })
  if (missing.length + extra.length > 0) {
    const isCut = control.limit !== undefined && Math.max(ours.length, theirs.length) >= control.limit
    found.members.push({ missing, extra: extra.map(({ record }) => record.id), isCut })
  }
  if (!control.ordered) return
  // The order is asked of the records that agree: where one that differs stands says nothing more
  const agree = (items: readonly Item[], others: ReadonlyMap<Id, Item>): Item[] =>
    items.filter(({ record }) => others.has(record.id) && !unequal.has(record.id))
  const [left, right] = [agree(ours, other), agree(theirs, mine)]
  if (left.every((item, index) => right[index]!.record.id === item.record.id)) return
  const order: Finding = { ...noRecord, kind: 'order', control: ids(left), candidate: ids(right) }
  found.whole.set(`order ${key} ${stableStringify([order.control, order.candidate])}`, order)
}

function classifyValues(control: Outcome, candidate: Outcome, found: Found): void {
  const value = (outcome: Outcome): Json => (outcome.is === 'value' ? outcome.value : null)
  const [a, b] = [value(control), value(candidate)]
  if (equalJson(a, b)) return
  const shown = (each: Json): Json => (control.is === 'value' && control.shown ? control.shown(each) : each)
  const finding: Finding = { ...noRecord, kind: 'divergence', control: shown(a), candidate: shown(b) }
  found.whole.set(`value ${stableStringify([a, b])}`, finding)
}

/** Compares two outcomes, list by list; gives way to requests in between. */
export async function classify(control: Outcome, candidate: Outcome): Promise<Classified> {
  const found: Found = { decided: [], suspects: new Map(), members: [], whole: new Map() }
  if (control.is === 'value' || candidate.is === 'value') {
    classifyValues(control, candidate, found)
    return found
  }
  let began = performance.now()
  for (const key of new Set([...control.lists.keys(), ...candidate.lists.keys()])) {
    classifyList(key, control, candidate, found)
    if (performance.now() - began < stretchMs) continue
    await turn()
    began = performance.now()
  }
  return found
}

/**
 * Records that both stores hold alike, of which one store's list has one and the other's has not; with the side that
 * lacks it. Of a list that was cut, as many are left out, from its end, as the other side lacks for another reason.
 */
export function strays(
  members: readonly Members[],
  isAlike: (id: Id) => boolean,
): ReadonlyMap<Id, 'missing' | 'extra'> {
  const found = new Map<Id, 'missing' | 'extra'>()
  for (const { missing, extra, isCut } of members) {
    const left = (of: readonly Id[], others: readonly Id[]): Id[] => {
      const alike = of.filter(isAlike)
      const pushed = isCut ? others.filter((id) => !isAlike(id)).length : 0
      return alike.slice(0, Math.max(0, alike.length - pushed))
    }
    for (const id of left(missing, extra)) found.set(id, 'missing')
    for (const id of left(extra, missing)) found.set(id, 'extra')
  }
  return found
}
