import { contentDifferences } from '../compare/content.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { allFields } from '../entity/field-set.ts'
import type { UndecidedReason } from '../stores/findings.ts'
import type { Item } from '../stores/store.ts'
import { compareVersions } from '../stores/version.ts'
import type { Json } from '../util/json.ts'
import { classify, divergences, type Members, type Open, type Suspect, strays, versionOf } from './classify.ts'
import type { Question } from './experiment.ts'
import type { Owing } from './looks.ts'
import type { Oldest } from './observations.ts'
import type { Finding } from './outcome.ts'
import type { Recent } from './recent.ts'

const maxSuspects = 200 // of one comparison

interface Pair {
  readonly control: Item | undefined
  readonly candidate: Item | undefined
}

const listed = '(listed)'
const notListed = '(not listed)'

/** A record that the stores hold in different versions, or one of them alone; with what differs in content. */
function unlike(entity: Entity, id: Id, { control, candidate }: Pair): Finding {
  const found = control && candidate ? contentDifferences(allFields(entity), control, candidate) : []
  const content = (side: 'control' | 'candidate', item: Item | undefined): Json => {
    if (!item) return null
    return control && candidate ? Object.fromEntries(found.map((each) => [each.path, each[side]])) : '(record)'
  }
  return {
    kind: control ? (candidate ? 'version' : 'missing') : 'extra',
    path: '',
    id,
    control: content('control', control),
    candidate: content('candidate', candidate),
    controlVersion: versionOf(control),
    candidateVersion: versionOf(candidate),
  }
}

/**
 * What one comparison could not decide at once, looked at again until it is decided. Each record is decided by itself:
 *
 * - The look at what is owed comes first, then both stores are read. A record that is not owed, at the versions that both
 *   stores had before that look, had been mirrored by then: what still differs is a finding, whichever store has
 *   authority.
 * - A record that both stores hold alike and one list alone has is a finding of the list, unless another that differs has
 *   pushed it over the end of a page.
 * - Order and whole values have no version: the control must equal itself before and after, and nothing of the types
 *   involved be owed throughout.
 */
export class Recheck {
  readonly #question: Question
  readonly #entity: Entity
  readonly #owing: Owing
  readonly #recent: Recent
  #suspects: Map<Id, Suspect>
  readonly #members: readonly Members[]
  /** Records that both stores hold alike and one list alone has, with their version. */
  readonly #alike = new Map<Id, string>()
  readonly #leftOut: number
  /** Suspects whose versions are those of the last look, no longer those that the lists showed. */
  readonly #looked = new Set<Id>()
  #whole: ReadonlyMap<string, Finding>
  #owed: ReadonlyMap<Id, number> = new Map()
  #isQuiet = true

  constructor(question: Question, owing: Owing, recent: Recent, { suspects, members, whole }: Open) {
    this.#question = question
    this.#entity = question.entity
    this.#owing = owing
    this.#recent = recent
    this.#suspects = new Map([...suspects].slice(0, maxSuspects))
    this.#leftOut = suspects.size - this.#suspects.size
    this.#members = members
    this.#whole = whole
  }

  get isOver(): boolean {
    return this.#suspects.size + this.#alike.size + this.#whole.size === 0
  }

  /** Looks once more and tells what that decides. @throws what a store throws; what is not told stays open. */
  async look(tell: (findings: readonly Finding[]) => void): Promise<void> {
    // While this one waited, others may have looked at the same records
    const known = this.#recent.decide(this.#entity.name, {
      suspects: this.#suspects,
      members: this.#members,
      whole: this.#whole,
    })
    this.#suspects = new Map(known.open.suspects)
    tell(known.decided)
    if (this.#suspects.size > 0) tell(await this.#lookAtRecords(this.#entity))
    if (this.#alike.size + this.#whole.size > 0) tell(await this.#lookAtLists())
  }

  /** What is left, by reason. `unread`: the last look failed. */
  undecided(unread: boolean): { reason: UndecidedReason; count: number; oldest: Oldest | null }[] {
    const owed = [...this.#suspects.keys()].filter((id) => this.#owed.has(id))
    const oldest = owed.reduce<Oldest | null>((known, id) => {
      const owedMs = this.#owed.get(id)!
      return known && known.owedMs >= owedMs ? known : { id, owedMs }
    }, null)
    const others = this.#suspects.size - owed.length + this.#alike.size
    const whole = this.#whole.size
    const counts: [UndecidedReason, number, Oldest | null][] = [
      ['owed', owed.length + (this.#isQuiet || unread ? 0 : whole), oldest],
      [unread ? 'unread' : 'changing', others + (this.#isQuiet || unread ? whole : 0), null],
      ['no room', this.#leftOut, null],
    ]
    return counts.filter(([, count]) => count > 0).map(([reason, count, first]) => ({ reason, count, oldest: first }))
  }

  async #pairs(ids: readonly Id[]): Promise<(id: Id) => Pair> {
    const candidate = await this.#question.records('candidate', ids)
    const control = await this.#question.records('control', ids)
    return (id) => ({ control: control.get(id), candidate: candidate.get(id) })
  }

  async #lookAtRecords(entity: Entity): Promise<Finding[]> {
    const ids = [...this.#suspects.keys()]
    this.#owed = await this.#owing.owedFor(entity.name, ids)
    const pairOf = await this.#pairs(ids)
    const found = ids.flatMap((id) => this.#judge(entity, id, pairOf(id)))
    for (const finding of found) this.#recent.found(entity.name, finding)
    // Mostly all of them were pushed over the end, and the lists need not be read again
    if (strays(this.#members, (id) => this.#alike.has(id)).size === 0) this.#alike.clear()
    return found
  }

  #judge(entity: Entity, id: Id, pair: Pair): Finding[] {
    const { control, candidate } = pair
    const suspect = this.#suspects.get(id)!
    const now: Suspect = { control: versionOf(control), candidate: versionOf(candidate) }
    const isSame = control && candidate && compareVersions(control.version, candidate.version) === 0
    if (isSame || (!control && !candidate)) {
      this.#suspects.delete(id)
      const found = isSame ? divergences(allFields(entity), control, candidate) : []
      if (isSame && found.length === 0) {
        this.#alike.set(id, now.control!)
        this.#recent.alike(entity.name, id, now.control!)
      }
      return found
    }
    // That a record is not on a list does not say that a store has none: it may be deleted during this look
    const isKnown = (suspect.control !== null && suspect.candidate !== null) || this.#looked.has(id)
    if (this.#owed.has(id) || !isKnown || suspect.control !== now.control || suspect.candidate !== now.candidate) {
      this.#suspects.set(id, now)
      this.#looked.add(id)
      return []
    }
    this.#suspects.delete(id)
    return [unlike(entity, id, pair)]
  }

  async #lookAtLists(): Promise<Finding[]> {
    const wasQuiet = await this.#isAllQuiet()
    const first = await this.#question.again()
    const candidate = await this.#question.candidate()
    const last = await this.#question.again()
    this.#isQuiet = wasQuiet && (await this.#isAllQuiet())
    const before = await classify(first, candidate)
    const after = await classify(last, candidate)
    const isDecided = (key: string): boolean => this.#isQuiet && this.#whole.has(key) && after.whole.has(key)
    const decided = [...before.whole].filter(([key]) => isDecided(key)).map(([, finding]) => finding)
    this.#whole = new Map([...before.whole].filter(([key]) => !isDecided(key)))

    decided.push(...(await this.#strays(before.members, after.members)))
    this.#alike.clear()
    return decided
  }

  /** Only those count that no write has touched since they were alike: one that moves takes others with it. */
  async #strays(before: readonly Members[], after: readonly Members[]): Promise<Finding[]> {
    const one = before.flatMap(({ missing, extra }) => [...missing, ...extra])
    const ids = one.filter((id) => this.#alike.has(id))
    if (ids.length === 0) return []
    const pairOf = await this.#pairs(ids)
    const still = new Set(
      ids.filter((id) => {
        const { control, candidate } = pairOf(id)
        const version = this.#alike.get(id)
        return versionOf(control) === version && versionOf(candidate) === version
      }),
    )
    const isAlike = (id: Id): boolean => still.has(id)
    const now = strays(after, isAlike)
    return [...strays(before, isAlike)].flatMap(([id, kind]): Finding[] => {
      if (now.get(id) !== kind) return []
      const version = this.#alike.get(id)!
      const [control, candidate] = kind === 'missing' ? [listed, notListed] : [notListed, listed]
      return [{ kind, path: '', id, control, candidate, controlVersion: version, candidateVersion: version }]
    })
  }

  async #isAllQuiet(): Promise<boolean> {
    if (this.#whole.size === 0) return true
    const owed = await Promise.all(this.#question.types.map((type) => this.#owing.pending(type)))
    return !owed.includes(true)
  }
}
