import { times } from '../control/times.ts'
import type { Entity } from '../entity/entity.ts'
import type { Image } from '../stores/store.ts'
import { compareVersions } from '../stores/version.ts'
import type { Origin } from '../util/origin.ts'

/** Records with a put under way at most, of all types: past it a record stays owed, and the sweep finds it. */
const most = 200

interface Waiting {
  readonly image: Image
  readonly since: number
}

interface Under {
  next: Waiting | null
  ended: Promise<void>
}

/**
 * Puts that follow writes: at most one of a record at a time, and a newer image takes the place of the one that waits. A
 * mirror that is slow holds back a bounded number of them, and nothing else.
 */
export class Puts {
  readonly #putOne: (entity: Entity, image: Image, from: Origin) => Promise<void>
  readonly #under = new Map<string, Under>()

  /** @param putOne never rejects. */
  constructor(putOne: (entity: Entity, image: Image, from: Origin) => Promise<void>) {
    this.#putOne = putOne
  }

  /** Resolves when nothing of the record is under way any more. Never rejects. */
  put(entity: Entity, image: Image, from: Origin): Promise<void> {
    const key = `${from}/${entity.name}/${image.id}`
    const waiting = { image, since: performance.now() }
    const under = this.#under.get(key)
    if (under) {
      if (!under.next || compareVersions(under.next.image.version, image.version) < 0) under.next = waiting
      return under.ended
    }
    if (this.#under.size >= most) return Promise.resolve()
    const made: Under = { next: waiting, ended: Promise.resolve() }
    this.#under.set(key, made)
    made.ended = this.#run(key, made, entity, from)
    return made.ended
  }

  async #run(key: string, under: Under, entity: Entity, from: Origin): Promise<void> {
    for (let next = under.next; next; next = under.next) {
      under.next = null
      // One that has waited for longer may have been overtaken by a delete, and by the end of its tombstone
      if (performance.now() - next.since < times.image) await this.#putOne(entity, next.image, from)
    }
    this.#under.delete(key)
  }
}
