import type { Id } from '../../src/entity/entity.ts'
import { only, together } from '../../src/routing/declared-writes.ts'
import type { Routing } from '../../src/routing/routing.ts'
import { write } from '../../src/routing/writes.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { type Doc, type Twin, withToken } from './doc.ts'
import { type Place, type World, where } from './world.ts'

/**
 * - ok: acknowledged. `none`: acknowledged that there is no such record.
 * - refused: the client was told that nothing was written.
 * - unknown: it may have been, now or later.
 */
export type Outcome = 'ok' | 'none' | 'refused' | 'unknown'

/** One mutation, as its client saw it; times are the world's. An end that is null never came. */
export interface Operation {
  readonly kind: 'create' | 'append' | 'delete' | 'tag' | 'both'
  readonly id: Id
  readonly token: string
  readonly place: Place
  readonly start: number
  end: number | null
  outcome: Outcome
}

export const ids = [...'abcdefghijkl']
const tags = ['red', 'green', 'blue']
const alone = ['create', 'create', 'append', 'append', 'append', 'delete', 'tag'] as const

const grouped = [...alone, 'both', 'both', 'both'] as const

/** A fault of ours that a client was shown. */
export class Fault extends Error {}

const told = new Set(['BAD_USER_INPUT', 'CONFLICT', 'TRY_AGAIN', 'UNAVAILABLE'])

/** The document of a twin is not there. */
class Absent extends Error {}

function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof CrossfadeError)) throw new Fault('a client was shown an internal error', { cause: error })
  return told.has(error.code) ? 'refused' : 'unknown'
}

/** One mutation of a client, through a gateway. */
export async function mutate(
  world: World,
  routing: Routing,
  history: Operation[],
  among: readonly string[],
): Promise<void> {
  const { random } = world
  const operation: Operation = {
    kind: random.pick<Operation['kind']>(routing.entities.length > 1 ? grouped : alone),
    id: random.pick(among),
    token: `t${history.length}`,
    place: where().place,
    start: world.now,
    end: null,
    outcome: 'unknown',
  }
  history.push(operation)
  const { kind, id, token } = operation
  try {
    const [doc, twin] = routing.entities as [typeof Doc, typeof Twin]
    const writes = kind === 'both' ? together(doc, twin) : only(doc)
    const result = await write(routing, writes, async (tx) => {
      const docs = tx.of(doc)
      if (kind === 'both') {
        // First what may be gone: then nothing is written
        if ((await docs.patch(id, withToken(token))) === null) throw new Absent()
        const twins = tx.of(twin)
        return (await twins.patch(id, withToken(token))) ?? twins.create({ log: [token], n: 1 }, id)
      }
      if (kind === 'create') return docs.create({ log: [token], n: 1 }, id)
      if (kind === 'append') return docs.patch(id, withToken(token))
      if (kind === 'tag') return docs.patch(id, { tag: random.pick(tags) })
      return (await docs.delete(id)) || null
    })
    operation.outcome = result === null ? 'none' : 'ok'
  } catch (error) {
    operation.outcome = error instanceof Absent ? 'none' : outcomeOf(error)
  }
  operation.end = world.now
}
