import type { Id } from '../entity/entity.ts'
import { type Open, type Suspect, strays } from './classify.ts'
import type { Finding } from './outcome.ts'

const keepMs = 10_000
const maxKept = 5_000

interface Looked {
  /** Null where both stores hold it alike. */
  readonly finding: Finding | null
  readonly control: string | null
  readonly candidate: string | null
  readonly until: number
}

/**
 * Records that were looked at moments ago. A popular record that one store lacks is met by every read of it, and pushes
 * others over the end of each page: the first read is looked at again, the others that meet the same versions are not.
 */
export class Recent {
  readonly #looked = new Map<string, Looked>()

  /** What a look has found to differ. */
  found(type: string, finding: Finding): void {
    const { kind, id, controlVersion: control, candidateVersion: candidate } = finding
    const isOfRecord = kind === 'version' || (kind === 'missing' && !candidate) || (kind === 'extra' && !control)
    if (id !== null && isOfRecord) this.#note(`${type}/${id}`, { finding, control, candidate })
  }

  /** What a look has found to be alike, at one version. */
  alike(type: string, id: Id, version: string): void {
    this.#note(`${type}/${id}`, { finding: null, control: version, candidate: version })
  }

  /** What is a finding by what is known, and what is open for all that. */
  decide(type: string, { suspects, members, whole }: Open): { readonly decided: Finding[]; readonly open: Open } {
    const decided: Finding[] = []
    const alike = new Set<Id>()
    const open = new Map<Id, Suspect>()
    for (const [id, suspect] of suspects) {
      const known = this.#looked.get(`${type}/${id}`)
      const isKnown = known && known.until > performance.now() && isSame(suspect, known)
      if (isKnown && known.finding) decided.push(known.finding)
      else if (isKnown) alike.add(id)
      else open.set(id, suspect)
    }
    const isExplained = open.size === 0 && strays(members, (id) => alike.has(id)).size === 0
    if (!isExplained) for (const id of alike) open.set(id, suspects.get(id)!)
    return { decided, open: { suspects: open, members, whole } }
  }

  #note(key: string, looked: Omit<Looked, 'until'>): void {
    this.#looked.delete(key) // the newest is last
    this.#looked.set(key, { ...looked, until: performance.now() + keepMs })
    if (this.#looked.size <= maxKept) return
    const [oldest] = this.#looked.keys()
    this.#looked.delete(oldest!)
  }
}

/** A list that does not show a record says nothing of its version. */
function isSame({ control, candidate }: Suspect, known: Looked): boolean {
  if (known.finding) return control === known.control && candidate === known.candidate
  return (control ?? candidate) === known.control && (control === null || candidate === null)
}
