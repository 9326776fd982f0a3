import { setTimeout as sleep } from 'node:timers/promises'
import type { Entity, Id } from '../entity/entity.ts'
import { siblingsOf } from '../entity/siblings.ts'
import { byId } from '../stores/by-id.ts'
import type { Change, Changes } from '../stores/foreign-changes.ts'
import type { Image, Store } from '../stores/store.ts'
import { compareVersions, unversioned, type Version } from '../stores/version.ts'
import { messageOf } from '../util/errors.ts'
import { heldBack, Seldom } from '../util/seldom.ts'
import { captured, type Followed, type Known, keepCaptured, marker } from './captured.ts'
import type { Standing } from './standing.ts'

export interface CaptureOptions {
  readonly stores: { readonly mongo: Followed; readonly postgres: Store }
  readonly entities: readonly Entity[]
  /** Names this instance. */
  readonly owner: string
  /** Null where no flag of the type is known: nobody follows then. */
  readonly standing: (type: string) => Pick<Standing, 'authority' | 'isMirrored' | 'epoch'> | null
  /** Resolves once both stores are not taken for equal any more, for the reason that is given. */
  readonly onLost: (type: string, why: string) => Promise<void>
  readonly log: (level: 'info' | 'warn', message: string) => void
}

/** Whoever follows and does not say so for so long has died, in milliseconds: another goes on, and moves wait for it. */
const claimMs = 10_000

/**
 * In milliseconds: between two looks whether the type has a mirror; between two tries to be the one that follows; the
 * same, where no stream can be had.
 */
const [watchMs, againMs, idleMs] = [500, 3_000, 60_000]

/** How often the place is kept though nothing was seen, in milliseconds: it grows too old for the server. */
const keepMs = 5_000

const newest = (...versions: readonly Version[]): Version =>
  versions.reduce((a, b) => (compareVersions(a, b) >= 0 ? a : b), unversioned)

/** What a store has of the records that were changed, tombstones included, by id. */
const imagesOf = async ({ control }: Store, entity: Entity, changes: readonly Change[]): Promise<Map<Id, Image>> => {
  const ids = changes.map(({ id }) => id)
  return byId(await control.outbox.images(entity, ids))
}

interface Parted {
  /** Nothing is left behind them. */
  readonly gone: readonly Change[]
  /** A document of another type of the collection stands behind them, or stood before them. */
  readonly turned: readonly Change[]
  readonly written: readonly Change[]
}

function parted(changes: Iterable<Change>): Parted {
  const by = ({ isGone, isOfAnother }: Change): keyof Parted => (isOfAnother ? 'turned' : isGone ? 'gone' : 'written')
  const { gone = [], turned = [], written = [] } = Object.groupBy(changes, by)
  return { gone, turned, written }
}

/**
 * Follows what other programs change in MongoDB, in each type that has a mirror: the shell, scripts, instances of the app
 * that do not run Crossfade, TTL indexes. While MongoDB has authority, their changes are marked as owed, and the sweep
 * mirrors them. One instance at a time follows a type; what it has seen is kept behind what it has marked, so that another
 * goes on there.
 */
export class Capture {
  readonly #options: CaptureOptions
  readonly #seldom = new Seldom(60_000)
  readonly #stopping = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: CaptureOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = Promise.all(this.#options.entities.map((entity) => this.#run(entity)))
  }

  /** Another instance may follow at once. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  #isDue({ name }: Entity): boolean {
    return this.#options.standing(name)?.isMirrored === true && !this.#isStopping
  }

  async #run(entity: Entity): Promise<void> {
    while (!this.#isStopping) {
      const waitMs = this.#isDue(entity) ? await this.#turn(entity) : watchMs
      await sleep(waitMs, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined)
    }
  }

  /** @returns how long to wait before the next one. */
  async #turn(entity: Entity): Promise<number> {
    const { owner, stores } = this.#options
    const { ledger } = stores.mongo
    const claim = `capture/mongo/${entity.name}`
    try {
      if (!(await ledger.claim(claim, owner, claimMs))) return againMs
      return await this.#follow(entity, () => ledger.claim(claim, owner, claimMs))
    } catch (error) {
      return this.#isStopping ? 0 : this.#failed(error)
    } finally {
      await ledger.release(claim, owner).catch(() => undefined)
    }
  }

  #failed(error: unknown): number {
    const reason = this.#options.stores.mongo.foreignChanges.whyImpossible(error)
    const held = this.#seldom.due(reason ?? 'failed')
    const text = `What other programs change in MongoDB is not followed: ${reason ?? messageOf(error)}`
    if (held !== null) this.#options.log('warn', `${text}${heldBack(held)}`)
    return reason === null ? againMs : idleMs
  }

  /** For as long as the claim is ours and the type has a mirror. @returns how long to wait before the next turn. */
  async #follow(entity: Entity, renew: () => Promise<boolean>): Promise<number> {
    const { ledger, foreignChanges } = this.#options.stores.mongo
    let known: Known = await captured(ledger, entity)
    const siblings = siblingsOf(entity, this.#options.entities)
    const stream = foreignChanges.follow(entity, marker, known.place, siblings)
    const close = (): void => void stream.close().catch(() => undefined)
    this.#stopping.signal.addEventListener('abort', close)
    try {
      for (let claimedAt = performance.now(), keptAt = 0; this.#isDue(entity); ) {
        const changes = await stream.next()
        await this.#mark(entity, changes)
        const isNews = changes.made.length > 0 || changes.marker !== null || changes.wasDropped
        if (isNews || performance.now() - keptAt > keepMs) {
          const seen = { place: changes.place, marker: changes.marker ?? known.marker }
          if (!(await keepCaptured(ledger, entity, known.revision, seen))) return againMs // another one follows by now
          known = { ...seen, revision: (known.revision ?? 0) + 1 }
          keptAt = performance.now()
        }
        if (performance.now() - claimedAt < claimMs / 3) continue
        if (!(await renew())) return againMs
        claimedAt = performance.now()
      }
    } catch (error) {
      if (!foreignChanges.isLost(error)) throw error
      await this.#lose(entity, known, messageOf(error))
    } finally {
      this.#stopping.signal.removeEventListener('abort', close)
      close()
    }
    return 0
  }

  /** The stream begins at the present again; what came before has to be looked for. */
  async #lose(entity: Entity, known: Known, why: string): Promise<void> {
    const { ledger } = this.#options.stores.mongo
    await this.#options.onLost(entity.name, `what other programs changed of it in MongoDB was lost: ${why}`)
    await keepCaptured(ledger, entity, known.revision, { ...known, place: null }) // or another one finds the same
  }

  async #mark(entity: Entity, { made, wasDropped }: Changes): Promise<void> {
    const { standing, onLost } = this.#options
    if (wasDropped) await onLost(entity.name, 'its collection was dropped or renamed by another program')
    const now = standing(entity.name)
    if (made.length === 0 || !now?.isMirrored) return
    if (now.authority === 'postgres') await this.#tell(entity, made)
    else await this.#owe(entity, made, now.epoch)
  }

  /** Of what others do to the mirror people have to know. Nothing is missing there that is deleted, or owed still. */
  async #tell(entity: Entity, changes: readonly Change[]): Promise<void> {
    const { mongo, postgres } = this.#options.stores
    const { gone, written } = parted(changes)
    this.#tellOf(entity, 'written it to', written[0])
    if (gone.length === 0) return
    const ids = gone.map(({ id }) => id)
    const [kept, owed] = await Promise.all([
      imagesOf(postgres, entity, gone),
      postgres.control.outbox.owedFor(entity, ids),
    ])
    const left = await imagesOf(mongo, entity, gone) // behind what was owed
    const isMissing = ({ id }: Change): boolean =>
      Boolean(kept.get(id)?.record) && !owed.has(id) && !left.get(id)?.record
    this.#tellOf(entity, 'deleted it from', gone.find(isMissing))
  }

  #tellOf({ name }: Entity, what: string, change: Change | undefined): void {
    const held = change ? this.#seldom.due(`${what} ${name}`) : null
    if (change && held !== null)
      this.#options.log(
        'warn',
        `${name} ${change.id}: another program has ${what} MongoDB, which has no authority${heldBack(held)}.`,
      )
  }

  async #owe(entity: Entity, changes: readonly Change[], epoch: number): Promise<void> {
    const byId = new Map(changes.map((change) => [change.id, change])) // the last of each
    const { gone, turned, written } = parted(byId.values())
    if (written.length > 0) await this.#touch(entity, written, epoch)
    const left = turned.length > 0 ? await this.#mirroredOf(entity, turned) : []
    if (gone.length + left.length > 0) await this.#bury(entity, [...gone, ...left], epoch)
  }

  /** What bears a later epoch than we know is nobody's to stamp: a dump of another place bears one, or the flag was lost. */
  async #touch(entity: Entity, written: readonly Change[], epoch: number): Promise<void> {
    const { stores, onLost } = this.#options
    const ids = written.map(({ id }) => id)
    await stores.mongo.foreignChanges.touch(entity, ids, epoch)
    const present = await imagesOf(stores.mongo, entity, written)
    const above = written.find(({ id }) => (present.get(id)?.version.epoch ?? 0) > epoch)
    if (!above || this.#seldom.due(`above ${entity.name}`) === null) return
    const text = `another program has written ${above.id} to MongoDB with a \`_cf\` of a later epoch than the flag's`
    await onLost(entity.name, `${text}: \`$unset\` its \`_cf\`, or nobody can write it`)
  }

  /** Most have always been of another type. */
  async #mirroredOf(entity: Entity, turned: readonly Change[]): Promise<readonly Change[]> {
    const copies = await imagesOf(this.#options.stores.postgres, entity, turned)
    return turned.filter(({ id }) => copies.get(id)?.record)
  }

  /**
   * A delete is ours where its tombstone is at least as new as what the mirror has, and as what was there before. Others
   * get a tombstone above both: one of the present, where neither is known, so that a put that is under way is late.
   */
  async #bury(entity: Entity, gone: readonly Change[], epoch: number): Promise<void> {
    const { mongo, postgres } = this.#options.stores
    const [present, copies] = await Promise.all([imagesOf(mongo, entity, gone), imagesOf(postgres, entity, gone)])
    const now = await mongo.foreignChanges.now()
    const bury = async (id: Id, before: Version): Promise<void> => {
      const left = present.get(id)
      if (left?.record) return // created again: that is told by an event of its own
      const least = newest(before, copies.get(id)?.version ?? unversioned)
      if (left && compareVersions(left.version, least) >= 0) return
      const counter = Math.max(newest(least, left?.version ?? unversioned).counter + 1, now)
      await mongo.foreignChanges.bury(entity, id, { epoch: Math.max(epoch, least.epoch), counter })
    }
    for (const { id, before } of gone) await bury(id, before)
  }
}
