import type { Flag } from '../control/flag.ts'
import { authorityOf, ledgersOf } from '../control/flag-store.ts'
import { otherMappings } from '../control/instances.ts'
import type { MoveOptions } from '../control/move.ts'
import type { Entity } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import { unmirrored } from '../mirror/unmirrored.ts'
import type { Stores } from '../routing/routing.ts'
import { movesAuthority, type Stage } from '../stage/stage.ts'
import { tellsOfTrouble } from '../stores/failure.ts'
import type { Origin } from '../util/origin.ts'
import { captureNow } from './capture-now.ts'
import { sweepNow } from './sweep-now.ts'
import { unseenWriters } from './unseen-writers.ts'

interface Moving {
  readonly entities: readonly Entity[]
  readonly stores: Stores
  readonly log: (line: string) => void
  /** What is not measured yet of a type for a change of stage, a line each; default: what the mirror refuses. */
  readonly evidence?: (entity: Entity, was: Flag, to: Stage) => Promise<readonly string[]>
}

/** Gateways that keep records of a type in another way than this command, in words. */
async function otherGateways({ ledger }: Stores[Origin], entity: Entity): Promise<string[]> {
  const others = await otherMappings(ledger, entity.name, mappingDigest(entity))
  if (others.length === 0) return []
  const text = `gateways have another mapping of ${entity.name} than this command: ${others.join(', ')}`
  return [`${text}; let the deploy of the app end first`]
}

/** What a change of stage works with when a command makes it; types that go by one flag are swept, and judged, together. */
export function moveOptions({ entities, stores, log, evidence }: Moving): MoveOptions {
  /** One after the other: the first that does not answer ends it. */
  async function each<T>(key: string, ask: (entity: Entity) => Promise<T>): Promise<T[]> {
    const answers: T[] = []
    for (const entity of entities) if (flagKeyOf(entity) === key) answers.push(await ask(entity))
    return answers
  }
  return {
    ledgers: ledgersOf(stores),
    log,
    isTrouble: (error) => tellsOfTrouble(stores, error),
    sweep: async (key, origin) => {
      const owed = await each(key, (entity) => sweepNow(stores, entity, origin, log))
      return owed.reduce((sum, count) => sum + count, 0)
    },
    async owed(key, origin) {
      const types = entities.filter((entity) => flagKeyOf(entity) === key)
      const backlogs = [...(await stores[origin].control.outbox.backlogs(types)).values()]
      return backlogs.reduce((sum, { count }) => sum + count, 0)
    },
    caughtUp: async (flag) => {
      if (authorityOf(flag) === 'mongo') await each(flag.type, (entity) => captureNow({ entity, flag, stores, log }))
    },
    async unmet(was, to) {
      const from = authorityOf(was)
      const lines = await each(was.type, async (entity) => {
        const moves = movesAuthority(was.stage, to)
        if (moves && from === 'mongo') await captureNow({ entity, flag: was, stores, log })
        if (moves) await sweepNow(stores, entity, from, log) // what was refused may be taken by now
        const others = moves ? await otherGateways(stores[from], entity) : []
        if (evidence) return [...others, ...(await evidence(entity, was, to))]
        return [...others, ...(moves ? await unmirrored(stores, entity, from) : [])]
      })
      return lines.flat()
    },
    unseen: async (key, origin) => {
      const reasons = await each(key, (entity) => unseenWriters(stores, entity, origin))
      return reasons.find((reason) => reason !== null) ?? null
    },
  }
}
