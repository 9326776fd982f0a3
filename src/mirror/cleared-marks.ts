import type { Entity, Id } from '../entity/entity.ts'
import type { Cleared, Image, Store } from '../stores/store.ts'
import { compareVersions } from '../stores/version.ts'
import { messageOf } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import { clearedOf } from './cleared-of.ts'

const intervalMs = 200

/** Marks of a type that wait at most: a store that hangs is not to fill our memory. The sweep clears the others. */
const most = 10_000

/**
 * Marks are cleared later and in batches, one at a time, each mark only where the record is still at the version that was
 * mirrored. What is lost here with the instance costs one more put by the sweep, nothing else.
 */
export class ClearedMarks {
  readonly #stores: Readonly<Record<Origin, Store>>
  readonly #log: (level: 'warn', message: string) => void
  readonly #cleared = new Map<string, { entity: Entity; origin: Origin; byId: Map<Id, Cleared> }>()
  #timer: NodeJS.Timeout | undefined
  #flushed: Promise<void> = Promise.resolve()

  constructor(stores: Readonly<Record<Origin, Store>>, log: (level: 'warn', message: string) => void) {
    this.#stores = stores
    this.#log = log
  }

  add(entity: Entity, origin: Origin, image: Image): void {
    const key = `${origin}/${entity.name}`
    let group = this.#cleared.get(key)
    if (!group) this.#cleared.set(key, (group = { entity, origin, byId: new Map() }))
    const earlier = group.byId.get(image.id)
    if (earlier ? compareVersions(earlier.version, image.version) > 0 : group.byId.size === most) return
    group.byId.set(image.id, clearedOf(image))
    this.#timer ??= setTimeout(() => void this.flush(), intervalMs).unref()
  }

  /** Clears all that wait, behind the batch that is under way. Never rejects. */
  flush(): Promise<void> {
    this.#flushed = this.#flushed.then(() => this.#flush())
    return this.#flushed
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const groups = [...this.#cleared.values()]
    this.#cleared.clear()
    await Promise.all(
      groups.map(async ({ entity, origin, byId }) => {
        try {
          await this.#stores[origin].outbox.clear(entity, [...byId.values()])
        } catch (error) {
          this.#log('warn', `Marks of ${entity.name} were not cleared, the sweep will: ${messageOf(error)}`)
        }
      }),
    )
  }
}
