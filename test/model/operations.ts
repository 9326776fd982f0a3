import { where as condition } from 'crossfade'
import type { Id } from '../../src/entity/entity.ts'
import { only, together } from '../../src/routing/declared-writes.ts'
import type { Routing } from '../../src/routing/routing.ts'
import type { TypeWrites } from '../../src/routing/type-writes.ts'
import { write } from '../../src/routing/writes.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { Doc, type Twin, withToken } from './doc.ts'
import type { Setting } from './instances.ts'
import { type Place, where } from './world.ts'

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

/** How many tokens a document has at most, as those see to it whose writes have a condition; others add to them. */
const fullAt = 6

type Docs = TypeWrites<typeof Doc>
type Kept = Awaited<ReturnType<Docs['get']>>

/** What was changed must be as it was wanted: atomically, whoever else writes. */
function held(isSo: boolean, text: string): void {
  if (!isSo) throw new Fault(text)
}

/** Adds a token where there is room, as the store sees it. */
async function claim(docs: Docs, id: Id, token: string): Promise<Kept> {
  const { outcome, record } = await docs.patchWhen(id, condition(Doc, { n: { lt: fullAt } }), withToken(token))
  if (outcome !== 'changed') return null
  held(record.n !== null && record.n <= fullAt, `${id} was full at ${record.n}, and ${token} was added`)
  return record
}

/** Adds a token behind an even number of others, as code sees it. */
async function decide(docs: Docs, id: Id, token: string): Promise<Kept> {
  const isEven = ({ log }: NonNullable<Kept>): boolean => (log?.length ?? 0) % 2 === 0
  let wasAsked = false
  const record = await docs.update(id, (present) => {
    wasAsked = isEven(present)
    return wasAsked ? withToken(token) : null
  })
  if (!record || !wasAsked) return null
  held(!isEven(record) && record.log?.at(-1) === token, `${token} stands otherwise in ${id} than it was decided`)
  return record
}

const rules = { claim, decide }

/** Deletes what is full. */
async function prune(docs: Docs, id: Id): Promise<boolean | null> {
  const { outcome } = await docs.deleteWhen(id, condition(Doc, { n: { gte: fullAt } }))
  return outcome === 'deleted' || null
}

/** One mutation of a client, through a gateway. */
export async function mutate({ world, operations, ids: among, hasRules }: Setting, routing: Routing): Promise<void> {
  const { random } = world
  const operation: Operation = {
    kind: random.pick<Operation['kind']>(routing.entities.length > 1 ? grouped : alone),
    id: random.pick(among),
    token: `t${operations.length}`,
    place: where().place,
    start: world.now,
    end: null,
    outcome: 'unknown',
  }
  operations.push(operation)
  const byRule = hasRules && random.chance(0.5) ? random.pick(['claim', 'decide'] as const) : null
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
      if (kind === 'append' && byRule) return rules[byRule](docs, id, token)
      if (kind === 'append') return docs.patch(id, withToken(token))
      if (kind === 'tag') return docs.patch(id, { tag: random.pick(tags) })
      return byRule ? prune(docs, id) : (await docs.delete(id)) || null
    })
    operation.outcome = result === null ? 'none' : 'ok'
  } catch (error) {
    operation.outcome = error instanceof Absent ? 'none' : outcomeOf(error)
  }
  operation.end = world.now
}
