import { differences } from '../compare/differences.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { allFields } from '../entity/field-set.ts'
import type { UndecidedReason } from '../stores/findings.ts'
import type { Item } from '../stores/store.ts'
import { compareVersions, formatVersion } from '../stores/version.ts'
import type { Json } from '../util/json.ts'
import { type Classified, classify, divergences, type Suspect, stateOf, strays } from './classify.ts'
import type { Question } from './experiment.ts'
import type { Owing } from './looks.ts'
import type { Oldest } from './observations.ts'
import type { Finding } from './outcome.ts'

const maxSuspects = 200 // of one comparison

interface Pair {
  readonly control: Item | undefined
  readonly candidate: Item | undefined
}

/** What a comparison could not decide at once. */
export type Open = Pick<Classified, 'suspects' | 'whole'>

const versionOf = (item: Item | undefined): string | null => (item ? formatVersion(item.version) : null)

/** A record that the stores hold in different versions, or one of them alone; with what differs in content. */
function unlike(entity: Entity, id: Id, { control, candidate }: Pair): Finding {
  const found = control && candidate ? differences(allFields(entity), control.record, candidate.record) : []
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
 * - The look at what is owed comes first, then the candidate is read, then the control. A record whose control was at
 *   the same version before that look, and which is not owed, had been mirrored: what still differs is a finding.
 * - A record that both stores hold alike and one list alone has is a finding of the list, unless another that differs has
 *   pushed it over the end of a page.
 * - Order and whole values have no version: the control must equal itself before and after, and nothing of the types
 *   involved be owed throughout.
 */
export class Recheck {
  readonly #question: Question
  readonly #entity: Entity | null
  readonly #owing: Owing
  readonly #suspects: Map<Id, Suspect>
  /** Records that both stores hold alike, with their state; those that one list alone had. */
  readonly #alike = new Map<Id, string>()
  readonly #leftOut: number
  #whole: ReadonlyMap<string, Finding>
  #owed: ReadonlyMap<Id, number> = new Map()
  #isQuiet = true

  /** `entity` is the type of the lists' records; null where whole values are compared. */
  constructor(question: Question, entity: Entity | null, owing: Owing, { suspects, whole }: Open) {
    this.#question = question
    this.#entity = entity
    this.#owing = owing
    this.#suspects = new Map([...suspects].slice(0, maxSuspects))
    this.#leftOut = suspects.size - this.#suspects.size
    this.#whole = whole
  }

  get isOver(): boolean {
    return this.#suspects.size + this.#alike.size + this.#whole.size === 0
  }

  /** Looks once more and tells what that decides. @throws what a store throws; what is not told stays open. */
  async look(tell: (findings: readonly Finding[]) => void): Promise<void> {
    if (this.#suspects.size > 0) tell(await this.#lookAtRecords(this.#entity!))
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
    return ids.flatMap((id) => this.#judge(entity, id, pairOf(id)))
  }

  #judge(entity: Entity, id: Id, pair: Pair): Finding[] {
    const { control, candidate } = pair
    const suspect = this.#suspects.get(id)!
    const state = stateOf(control, candidate)
    const isSame = control && candidate && compareVersions(control.version, candidate.version) === 0
    if (isSame || (!control && !candidate)) {
      this.#suspects.delete(id)
      const found = isSame ? divergences(allFields(entity), control, candidate) : []
      if (isSame && found.length === 0 && suspect.oneSided) this.#alike.set(id, state)
      return found
    }
    if (this.#owed.has(id) || suspect.state !== state) {
      this.#suspects.set(id, { ...suspect, state })
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

    const isAlike = (id: Id): boolean => this.#alike.has(id)
    const strayBefore = strays(first, candidate, isAlike)
    const stray = [...strays(last, candidate, isAlike)].filter(([id, side]) => strayBefore.get(id) === side)
    const pairOf = stray.length > 0 ? await this.#pairs(stray.map(([id]) => id)) : null
    for (const [id, kind] of stray) {
      const { control, candidate } = pairOf!(id)
      if (stateOf(control, candidate) !== this.#alike.get(id)) continue
      const versions = { controlVersion: versionOf(control), candidateVersion: versionOf(candidate) }
      const sides = kind === 'missing' ? ['(listed)', '(not listed)'] : ['(not listed)', '(listed)']
      decided.push({ kind, path: '', id, control: sides[0]!, candidate: sides[1]!, ...versions })
    }
    this.#alike.clear()
    return decided
  }

  async #isAllQuiet(): Promise<boolean> {
    if (this.#whole.size === 0) return true
    const owed = await Promise.all(this.#question.types.map((type) => this.#owing.pending(type)))
    return !owed.includes(true)
  }
}
