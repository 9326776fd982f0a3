import { type MongoError, MongoErrorLabel, MongoServerError } from 'mongodb'
import { copyState, type MongoState } from './mongo-server.ts'

/** What the server throws where it has ended a transaction: nothing of it stands. */
const ended = (code: number): MongoServerError =>
  new MongoServerError({
    message: 'the transaction is over',
    code,
    errorLabels: [MongoErrorLabel.TransientTransactionError],
  })

const writeConflict = 112
const noSuchTransaction = 251

/** One transaction, as the server has it from its first command on. */
class Snapshot {
  readonly #of: MongoState
  readonly #base: MongoState
  readonly #present: MongoState
  #isCommitted = false

  constructor(state: MongoState) {
    this.#of = state
    this.#base = copyState(state)
    this.#present = copyState(state)
  }

  run<T>(state: MongoState, command: (state: MongoState) => T): T {
    if (state !== this.#of) throw ended(noSuchTransaction)
    return command(this.#present)
  }

  /**
   * A real server refuses the later of two writes of one document at once, where this one refuses it at the end: either
   * way one of the two does not stand. Safe to repeat, as there.
   */
  commit(state: MongoState): void {
    if (this.#isCommitted) return
    if (state !== this.#of) throw ended(noSuchTransaction)
    const next = copyState(state)
    for (const [name, { documents, unique }] of this.#present) {
      const base = this.#base.get(name)?.documents ?? new Map()
      const present = state.get(name)?.documents ?? new Map()
      if (!next.has(name)) next.set(name, { documents: new Map(), unique })
      for (const key of new Set([...base.keys(), ...documents.keys()])) {
        if (base.get(key) === documents.get(key)) continue
        if (present.get(key) !== base.get(key)) throw ended(writeConflict)
        if (documents.has(key)) next.get(name)!.documents.set(key, documents.get(key)!)
        else next.get(name)!.documents.delete(key)
      }
      for (const path of unique) {
        const values = [...next.get(name)!.documents.values()]
          .map((document) => document[path])
          .filter((each) => each != null)
        if (new Set(values).size < values.length) throw ended(writeConflict)
      }
    }
    for (const [name, stored] of next) state.set(name, stored)
    this.#isCommitted = true
  }
}

type Send = <T>(commandName: string, run: (state: MongoState) => T, isAlone?: boolean) => Promise<T>

const labelled = (error: unknown, label: string): unknown => {
  if (error instanceof Error && 'addErrorLabel' in error)
    (error as MongoError & { addErrorLabel(of: string): void }).addErrorLabel(label)
  return error
}

/** From its begin to its end; the server has it from the first command on. */
interface Begun {
  snapshot: Snapshot | null
}

/** Of the driver's session what the stores use. */
export class ModelSession {
  #begun: Begun = { snapshot: null }
  #isOpen = false

  startTransaction(): void {
    this.#begun = { snapshot: null }
    this.#isOpen = true
  }

  inTransaction(): boolean {
    return this.#isOpen
  }

  /**
   * A command of the transaction; the driver says of a lost one that the transaction may be begun anew. What comes late
   * belongs to the one that it was sent in: commands carry its number, and a server refuses those of an earlier one.
   */
  async run<T>(send: Send, commandName: string, command: (state: MongoState) => T): Promise<T> {
    const begun = this.#begun
    let first: Snapshot | null = null
    const run = (state: MongoState): T => (begun.snapshot ?? (first ??= new Snapshot(state))).run(state, command)
    try {
      const result = await send(commandName, run, false)
      begun.snapshot ??= first
      return result
    } catch (error) {
      throw labelled(error, MongoErrorLabel.TransientTransactionError)
    }
  }

  async commit(send: Send): Promise<void> {
    const { snapshot } = this.#begun
    this.#isOpen = false
    if (!snapshot) return
    try {
      await send('commitTransaction', (state) => snapshot.commit(state))
    } catch (error) {
      throw error instanceof MongoServerError ? error : labelled(error, MongoErrorLabel.UnknownTransactionCommitResult)
    }
  }

  async abortTransaction(): Promise<void> {
    this.#isOpen = false
    this.#begun = { snapshot: null }
  }

  async endSession(): Promise<void> {
    this.#isOpen = false
  }
}
