import { times } from '../control/times.ts'
import type { Entity } from '../entity/entity.ts'
import type { Image } from '../stores/store.ts'
import { compareVersions } from '../stores/version.ts'
import type { Origin } from '../util/origin.ts'

/** Records with a put under way at most, of all types: past it a record stays owed, and the sweep finds it. */
const most = 200

interface Waiting {
  readonly image: Image
  readonly under: number
  readonly since: number
}

type PutOne = (entity: Entity, image: Image, from: Origin, under: number) => Promise<void>

interface UnderWay {
  next: Waiting | null
  ended: Promise<void>
}

/**
 * Puts that follow writes: at most one of a record at a time, and a newer image takes the place of the one that waits. A
 * mirror that is slow holds back a bounded number of them, and nothing else.
 */
export class Puts {
  readonly #putOne: PutOne
  readonly #underWay = new Map<string, UnderWay>()

  /** @param putOne never rejects. */
  constructor(putOne: PutOne) {
    this.#putOne = putOne
  }

  /**
   * Resolves when nothing of the record is under way any more. Never rejects.
   *
   * @param under see `Replica.bulkPut`.
   */
  put(entity: Entity, image: Image, from: Origin, under: number): Promise<void> {
    const key = `${from}/${entity.name}/${image.id}`
    const waiting = { image, under, since: performance.now() }
    const known = this.#underWay.get(key)
    if (known) {
      if (!known.next || compareVersions(known.next.image.version, image.version) < 0) known.next = waiting
      return known.ended
    }
    if (this.#underWay.size >= most) return Promise.resolve()
    const made: UnderWay = { next: waiting, ended: Promise.resolve() }
    this.#underWay.set(key, made)
    made.ended = this.#run(key, made, entity, from)
    return made.ended
  }

  async #run(key: string, made: UnderWay, entity: Entity, from: Origin): Promise<void> {
    for (let next = made.next; next; next = made.next) {
      made.next = null
      // One that has waited for longer may have been overtaken by a delete, and by the end of its tombstone
      if (performance.now() - next.since < times.image) await this.#putOne(entity, next.image, from, next.under)
    }
    this.#underWay.delete(key)
  }
}
