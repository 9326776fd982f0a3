import type { Id } from '../entity/entity.ts'
import type { Suspect } from './classify.ts'
import type { Finding } from './outcome.ts'

const keepMs = 10_000
const maxKept = 2_000

interface Decided {
  readonly finding: Finding
  /** The versions that it was decided at, as `stateOf` has them. */
  readonly state: string
  readonly until: number
}

/**
 * Records that were decided moments ago. A popular record that one store lacks is met by every read of it: the first is
 * looked at again, the others that meet it in the same state are findings without a look.
 */
export class Recent {
  readonly #decided = new Map<string, Decided>()

  note(type: string, finding: Finding): void {
    const { kind, id, controlVersion, candidateVersion } = finding
    if (id === null || (kind !== 'version' && kind !== 'missing' && kind !== 'extra')) return
    const state = `${controlVersion ?? 'none'} ${candidateVersion ?? 'none'}`
    const key = `${type}/${id}`
    this.#decided.delete(key) // the newest is last
    this.#decided.set(key, { finding, state, until: performance.now() + keepMs })
    if (this.#decided.size <= maxKept) return
    const [oldest] = this.#decided.keys()
    this.#decided.delete(oldest!)
  }

  /** Those that are decided, and those that are not. */
  divide(
    type: string,
    suspects: ReadonlyMap<Id, Suspect>,
  ): { readonly decided: readonly Finding[]; readonly suspects: ReadonlyMap<Id, Suspect> } {
    const decided: Finding[] = []
    const open = new Map<Id, Suspect>()
    for (const [id, suspect] of suspects) {
      const known = this.#decided.get(`${type}/${id}`)
      if (known && known.until > performance.now() && isSame(suspect, known)) decided.push(known.finding)
      else open.set(id, suspect)
    }
    return { decided, suspects: open }
  }
}

/** A list that the control's record is not on does not tell its state; that there was none is known. */
function isSame({ state }: Suspect, known: Decided): boolean {
  return state === null ? known.finding.kind === 'extra' : state === known.state
}
